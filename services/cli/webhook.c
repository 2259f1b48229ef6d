// SPDX-License-Identifier: Apache-2.0
// The webhook: libcurl, no redirects, no other protocols than http and https.
#include "cli/webhook.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static size_t swallow(char *data, size_t size, size_t n, void *arg)
{
    (void)data;
    (void)arg;
    return size * n;
}

static void set_options(CURL *curl, const char *url, const char *json, long timeout_s,
                        struct curl_slist *headers)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout_s);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(json));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "whistle-notify");
}

int webhook_post(const char *url, const char *id, const char *json, long timeout_s, char *ret_why,
                 size_t n)
{
    static CURL *curl; // kept: connections are used again
    char key[512];
    long status = 0;
    if (!curl)
        curl = curl_easy_init();
    if (!curl) {
        (void)snprintf(ret_why, n, "webhook: no memory");
        return -1;
    }
    (void)snprintf(key, sizeof key, "Idempotency-Key: %s", id);
    struct curl_slist *headers = curl_slist_append(NULL, key);
    headers = curl_slist_append(headers, "Content-Type: application/json; charset=utf-8");
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_reset(curl);
    set_options(curl, url, json, timeout_s, headers);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    if (code == CURLE_OK && status >= 200 && status < 300)
        return 0;
    if (code == CURLE_OK)
        (void)snprintf(ret_why, n, "webhook: HTTP %ld", status);
    else
        (void)snprintf(ret_why, n, "webhook: %s", curl_easy_strerror(code));
    return -1;
}
