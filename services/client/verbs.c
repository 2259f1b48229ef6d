// SPDX-License-Identifier: Apache-2.0
// The common commands of the public library: plain arguments into protobuf, nothing else. Whether a
// field is good is the service's to say.
#include "client/session_internal.h"

static char *text(const char *given)
{
    return (char *)(given ? given : ""); // packed, never written to
}

int wh_whistle_raise_message(struct wh_session *session, const Whistle__V1__RaiseWhistle *whistle,
                             const struct wh_request *request)
{
    Whistle__V1__IntakeCommand command = WHISTLE__V1__INTAKE_COMMAND__INIT;

    command.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_RAISE;
    command.raise = (Whistle__V1__RaiseWhistle *)whistle;
    return wh_send_intake(session, &command, request);
}

static void fill_place(const struct wh_whistle *whistle, Whistle__V1__Place *place)
{
    place->unit = text(whistle->place_unit);
    place->grid = text(whistle->grid);
    place->address = text(whistle->address);
    if (!whistle->has_position)
        return;
    place->lat_is_case = WHISTLE__V1__PLACE__LAT_IS_LAT;
    place->lat = whistle->lat;
    place->lon_is_case = WHISTLE__V1__PLACE__LON_IS_LON;
    place->lon = whistle->lon;
}

int wh_whistle_raise(struct wh_session *session, const struct wh_whistle *whistle,
                     const struct wh_request *request)
{
    Whistle__V1__RaiseWhistle raise = WHISTLE__V1__RAISE_WHISTLE__INIT;
    Whistle__V1__Reporter reporter = WHISTLE__V1__REPORTER__INIT;
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;

    raise.unit = text(whistle->unit ? whistle->unit : session->key.identity);
    raise.category = text(whistle->category);
    raise.title = text(whistle->title);
    raise.text = text(whistle->text);
    raise.priority = whistle->priority;
    raise.tags = (char **)whistle->tags;
    raise.n_tags = whistle->n_tags;
    raise.drill = whistle->drill;
    fill_place(whistle, &place);
    if (whistle->place_unit || whistle->grid || whistle->address || whistle->has_position)
        raise.place = &place;
    reporter.name = text(whistle->reporter_name);
    reporter.phone = text(whistle->reporter_phone);
    if (whistle->reporter_name || whistle->reporter_phone)
        raise.reporter = &reporter;
    return wh_whistle_raise_message(session, &raise, request);
}

int wh_whistle_show(struct wh_session *session, const char *number,
                    const struct wh_request *request)
{
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__ShowWhistle show = WHISTLE__V1__SHOW_WHISTLE__INIT;

    show.number = text(number);
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_SHOW;
    command.show = &show;
    return wh_send_dispatch(session, &command, request);
}

int wh_whistle_confirm(struct wh_session *session, const char *number,
                       Whistle__V1__ConfirmVerdict verdict, const char *why,
                       const struct wh_request *request)
{
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__ConfirmWhistle confirm = WHISTLE__V1__CONFIRM_WHISTLE__INIT;

    confirm.number = text(number);
    confirm.verdict = verdict;
    confirm.text = text(why);
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_CONFIRM;
    command.confirm = &confirm;
    return wh_send_dispatch(session, &command, request);
}

int wh_task_sign(struct wh_session *session, const char *const *tasks, size_t n_tasks,
                 const struct wh_request *request)
{
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__SignTasks sign = WHISTLE__V1__SIGN_TASKS__INIT;

    sign.tasks = (char **)tasks;
    sign.n_tasks = n_tasks;
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_SIGN;
    command.sign = &sign;
    return wh_send_dispatch(session, &command, request);
}

int wh_task_check_in(struct wh_session *session, const char *task, const char *note,
                     const struct wh_request *request)
{
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__CheckIn check_in = WHISTLE__V1__CHECK_IN__INIT;

    check_in.task = text(task);
    check_in.note = text(note);
    check_in.method = WHISTLE__V1__CHECK_IN_METHOD__CHECK_IN_METHOD_DESK;
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_CHECK_IN;
    command.check_in = &check_in;
    return wh_send_dispatch(session, &command, request);
}

int wh_task_report(struct wh_session *session, const char *task, Whistle__V1__Outcome outcome,
                   const char *what, const struct wh_request *request)
{
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__ReportTask report = WHISTLE__V1__REPORT_TASK__INIT;

    report.task = text(task);
    report.outcome = outcome;
    report.text = text(what);
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_REPORT;
    command.report = &report;
    return wh_send_dispatch(session, &command, request);
}

int wh_task_refuse(struct wh_session *session, const char *task, Whistle__V1__RefuseReason reason,
                   const char *basis, const char *alternative, const struct wh_request *request)
{
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__RefuseTask refuse = WHISTLE__V1__REFUSE_TASK__INIT;

    refuse.task = text(task);
    refuse.reason = reason;
    refuse.basis = text(basis);
    refuse.alternative = text(alternative);
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_REFUSE;
    command.refuse = &refuse;
    return wh_send_dispatch(session, &command, request);
}

int wh_task_list(struct wh_session *session, int limit, const struct wh_request *request)
{
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__ListTasks list = WHISTLE__V1__LIST_TASKS__INIT;

    list.open = true;
    list.limit = limit;
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_TASKS;
    command.tasks = &list;
    return wh_send_dispatch(session, &command, request);
}

int wh_whistle_join(struct wh_session *session, const char *number, const char *into,
                    Whistle__V1__JoinAs how, const char *reason, const struct wh_request *request)
{
    Whistle__V1__DedupCommand command = WHISTLE__V1__DEDUP_COMMAND__INIT;
    Whistle__V1__JoinWhistle join = WHISTLE__V1__JOIN_WHISTLE__INIT;

    join.number = text(number);
    join.into = text(into);
    join.how = how;
    join.reason = text(reason);
    command.what_case = WHISTLE__V1__DEDUP_COMMAND__WHAT_JOIN;
    command.join = &join;
    return wh_send_dedup(session, &command, request);
}

int wh_whistle_split(struct wh_session *session, const char *number, const char *reason,
                     const struct wh_request *request)
{
    Whistle__V1__DedupCommand command = WHISTLE__V1__DEDUP_COMMAND__INIT;
    Whistle__V1__SplitWhistle split = WHISTLE__V1__SPLIT_WHISTLE__INIT;

    split.number = text(number);
    split.reason = text(reason);
    command.what_case = WHISTLE__V1__DEDUP_COMMAND__WHAT_SPLIT;
    command.split = &split;
    return wh_send_dedup(session, &command, request);
}

int wh_whistle_preview(struct wh_session *session, const struct wh_whistle *whistle, int limit,
                       const struct wh_request *request)
{
    Whistle__V1__DedupCommand command = WHISTLE__V1__DEDUP_COMMAND__INIT;
    Whistle__V1__PreviewMatch preview = WHISTLE__V1__PREVIEW_MATCH__INIT;
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;

    preview.unit = text(whistle->unit ? whistle->unit : session->key.identity);
    preview.category = text(whistle->category);
    preview.title = text(whistle->title);
    preview.text = text(whistle->text);
    preview.limit = limit;
    fill_place(whistle, &place);
    preview.place = &place;
    command.what_case = WHISTLE__V1__DEDUP_COMMAND__WHAT_PREVIEW;
    command.preview = &preview;
    return wh_send_dedup(session, &command, request);
}

int wh_whistle_matter(struct wh_session *session, const char *number,
                      const struct wh_request *request)
{
    Whistle__V1__DedupCommand command = WHISTLE__V1__DEDUP_COMMAND__INIT;
    Whistle__V1__ShowMatter matter = WHISTLE__V1__SHOW_MATTER__INIT;

    matter.number = text(number);
    command.what_case = WHISTLE__V1__DEDUP_COMMAND__WHAT_MATTER;
    command.matter = &matter;
    return wh_send_dedup(session, &command, request);
}
