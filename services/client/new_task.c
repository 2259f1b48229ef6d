// SPDX-License-Identifier: Apache-2.0
// Which of dispatch's events call a department to something new, and what it should know at once.
#include <stdio.h>
#include <string.h>

#include "client/copy.h"
#include "whistle/whistle.h"

static const Whistle__V1__TaskAssigned *find(Whistle__V1__TaskAssigned **tasks, size_t n,
                                             const char *department)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(tasks[i]->department, department) == 0)
            return tasks[i];
    }
    return NULL;
}

static void copy_facts(const Whistle__V1__WhistleFacts *facts, struct wh_new_task *task)
{
    copy_text(task->number, sizeof(task->number), facts->number);
    task->title = facts->title;
    task->category = facts->category;
    task->priority = facts->priority;
}

// "AL-20261123-0007-GASCO": the number is what stands before the third hyphen.
static void copy_number(const char *id, struct wh_new_task *task)
{
    size_t n = 0;

    for (int hyphens = 0; id[n] && n < sizeof(task->number) - 1; n++) {
        if (id[n] == '-' && ++hyphens == 3)
            break;
    }
    memcpy(task->number, id, n);
    task->number[n] = '\0';
}

static const Whistle__V1__TaskAssigned *assigned_by(const Whistle__V1__DispatchEvent *event,
                                                    const char *department,
                                                    struct wh_new_task *task)
{
    const Whistle__V1__TaskAssigned *given;

    switch (event->what_case) {
    case WHISTLE__V1__DISPATCH_EVENT__WHAT_DISPATCHED:
        if (event->dispatched->whistle)
            copy_facts(event->dispatched->whistle, task);
        return find(event->dispatched->tasks, event->dispatched->n_tasks, department);
    case WHISTLE__V1__DISPATCH_EVENT__WHAT_DEPARTMENTS_ADDED:
        copy_text(task->number, sizeof(task->number), event->departments_added->number);
        return find(event->departments_added->tasks, event->departments_added->n_tasks, department);
    case WHISTLE__V1__DISPATCH_EVENT__WHAT_RULED:
        given = event->ruled->assigned;
        copy_number(event->ruled->task, task);
        return given && strcmp(given->department, department) == 0 ? given : NULL;
    default:
        return NULL;
    }
}

// A split: the task lives again, with the clocks given.
static bool restored_by(const Whistle__V1__DispatchEvent *event, const char *department,
                        struct wh_new_task *task)
{
    if (event->what_case != WHISTLE__V1__DISPATCH_EVENT__WHAT_PARTED)
        return false;
    copy_text(task->number, sizeof(task->number), event->parted->number);
    (void)snprintf(task->id, sizeof(task->id), "%s-%s", task->number, department);
    for (size_t i = 0; i < event->parted->n_restored; i++) {
        const Whistle__V1__TaskClocks *clocks = event->parted->restored[i];

        if (strcmp(clocks->task, task->id) != 0)
            continue;
        task->due_sign = clocks->due_sign;
        task->due_checkin = clocks->due_checkin;
        task->due_report = clocks->due_report;
        task->due_resolve = clocks->due_resolve;
        return true;
    }
    return false;
}

bool wh_event_new_task(const struct wh_event *event, const char *department,
                       struct wh_new_task *ret_task)
{
    struct wh_new_task task = {.title = "", .category = ""};
    const Whistle__V1__TaskAssigned *given;

    if (event->dispatch && restored_by(event->dispatch, department, &task)) {
        *ret_task = task;
        return true;
    }
    given = event->dispatch ? assigned_by(event->dispatch, department, &task) : NULL;
    if (!given || snprintf(task.id, sizeof(task.id), "%s-%s", task.number, department) >=
                      (int)sizeof(task.id))
        return false;
    task.part = given->part;
    task.due_sign = given->due_sign;
    task.due_checkin = given->due_checkin;
    task.due_report = given->due_report;
    task.due_resolve = given->due_resolve;
    *ret_task = task;
    return true;
}
