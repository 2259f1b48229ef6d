// SPDX-License-Identifier: Apache-2.0
// `whistle`: reads the words, finds the verb, lets it run. Nothing else lives here.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/fault.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/text.h"

#ifndef WHISTLE_VERSION
#define WHISTLE_VERSION "0.1.0"
#endif

static int wrong(const struct cli *cli, const char *text)
{
    struct fault fault = {0};
    fault_usage(&fault, "", "%s", text);
    int code = fault_tell(cli, &fault);
    if (!cli->json)
        (void)fputs(T("看看 whistle help\n", "Try whistle help\n"), stderr);
    return code;
}

// The doors file: named, or "doors" beside the key file or one folder above it.
static void find_doors(struct cli *cli)
{
    const char *given = args_text(&cli->args, "doors");
    if (!given)
        given = getenv("WHISTLE_DOORS");
    if (given && *given) {
        (void)snprintf(cli->doors_path, sizeof cli->doors_path, "%s", given);
        return;
    }
    const char *slash = strrchr(cli->key_path, '/');
    int folder = slash ? (int)(slash - cli->key_path + 1) : 0;
    static const char *const places[] = {"", "../"};
    for (size_t i = 0; *cli->key_path && i < 2; i++) {
        (void)snprintf(cli->doors_path, sizeof cli->doors_path, "%.*s%sdoors", folder,
                       cli->key_path, places[i]);
        if (access(cli->doors_path, R_OK) == 0)
            return;
    }
    cli->doors_path[0] = '\0';
}

static int take_common(struct cli *cli)
{
    bool zh = text_locale_zh();
    const char *lang = args_text(&cli->args, "lang"), *key = args_text(&cli->args, "key");
    const char *officer = args_text(&cli->args, "officer");
    if (lang && text_parse(lang, &zh) < 0)
        return wrong(cli, T("lang: 应为 zh 或 en", "lang: must be zh or en"));
    text_speak(zh);
    cli->json = args_flag(&cli->args, "json");
    cli->officer = officer ? officer : "";
    int64_t seconds = args_int(&cli->args, "timeout", 30);
    if (seconds < 1 || seconds > 86400)
        return wrong(cli, T("timeout: 应为 1 到 86400 秒", "timeout: must be 1 to 86400 seconds"));
    cli->timeout_ms = (int)seconds * 1000;
    if (!key)
        key = getenv("WHISTLE_KEY");
    (void)snprintf(cli->key_path, sizeof cli->key_path, "%s", key ? key : "");
    find_doors(cli);
    return 0;
}

static int run_verb(struct cli *cli, int argc, char **argv)
{
    if (args_parse(&cli->args, cli->verb->params, argc, argv) < 0) {
        struct fault fault = {0};
        fault_usage(&fault, "", "%s", cli->args.why);
        int code = fault_tell(cli, &fault);
        if (!cli->json)
            (void)fprintf(stderr, T("看看 whistle help %s\n", "Try whistle help %s\n"),
                          cli->verb->name);
        return code;
    }
    int code = cli->verb->run(cli);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fputs(T("whistle: 输出写不出去\n", "whistle: cannot write the output\n"), stderr);
        return code ? code : EXIT_SILENCE;
    }
    return code;
}

// argv without the program; the first word that is no option is the verb.
static int run(struct cli *cli, int argc, char **argv)
{
    const char *name = NULL;
    static const struct params none = {NULL, 0};
    static char help[] = "--help";
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "-h") == 0)
            argv[i] = help;
        else if (strcmp(argv[i], "--json") == 0)
            cli->json = true; // so that a fault in the very words is told in its shape, too
    int at = 0;
    while (at < argc && !name) { // words before the verb are common options only
        if (strncmp(argv[at], "--", 2) != 0)
            name = argv[at];
        else
            at += args_takes_value(verb_common, argv[at]) ? 2 : 1;
    }
    cli->verb = name ? verb_find(name) : NULL;
    text_speak(text_locale_zh());
    if (args_common(&cli->args, verb_common, cli->verb ? cli->verb->params : none, &argc, argv) < 0)
        return wrong(cli, cli->args.why);
    int code = take_common(cli);
    if (code)
        return code;
    colour_use(!cli->json && colour_wanted());
    if (args_flag(&cli->args, "version")) {
        puts("whistle " WHISTLE_VERSION);
        return EXIT_DONE;
    }
    if (!name && (argc == 0 || args_flag(&cli->args, "help"))) {
        help_all();
        return args_flag(&cli->args, "help") ? EXIT_DONE : EXIT_USAGE;
    }
    if (!name || !cli->verb || strcmp(argv[0], name) != 0) {
        char text[160];
        const char *near = name ? verb_near(name) : NULL;
        (void)snprintf(text, sizeof text,
                       near ? T("没有这个动词: %s;是不是 %s?", "no such verb: %s; did you mean %s?")
                            : T("没有这个动词: %s%s", "no such verb: %s%s"),
                       name   ? name
                       : argc ? argv[0]
                              : T("(空)", "(none)"),
                       near ? near : "");
        return wrong(cli, text);
    }
    if (args_flag(&cli->args, "help")) {
        help_verb(cli->verb);
        return EXIT_DONE;
    }
    return run_verb(cli, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    struct cli cli = {.officer = ""};
    (void)signal(SIGPIPE, SIG_IGN);
    args_init(&cli.args, time_local, &cli);
    int code = run(&cli, argc - 1, argv + 1);
    names_free(cli.names);
    session_free(cli.session);
    args_done(&cli.args);
    return code;
}
