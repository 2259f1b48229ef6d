// SPDX-License-Identifier: Apache-2.0
// What a row takes and answers, looked up in the vocabulary by the names that stand in the table (a
// test holds every name against it).
#include "gateway/route.h"
#include "whistle/v1/api.pb-c.h"

static const struct {
    const char *name;
    const ProtobufCMessageDescriptor *command, *answer;
} doors[ROUTE_DOORS] = {
    [DOOR_NONE] = {"", NULL, NULL},
    [DOOR_INTAKE] = {"intake", &whistle__v1__intake_command__descriptor,
                     &whistle__v1__intake_answer__descriptor},
    [DOOR_DEDUP] = {"dedup", &whistle__v1__dedup_command__descriptor,
                    &whistle__v1__dedup_answer__descriptor},
    [DOOR_DISPATCH] = {"dispatch", &whistle__v1__dispatch_command__descriptor,
                       &whistle__v1__dispatch_answer__descriptor},
};

const ProtobufCMessageDescriptor *route_command(enum route_door door)
{
    return doors[door].command;
}

const ProtobufCMessageDescriptor *route_answer(enum route_door door)
{
    return doors[door].answer;
}

const char *route_door_name(enum route_door door)
{
    return doors[door].name;
}

static const ProtobufCFieldDescriptor *field(const ProtobufCMessageDescriptor *type,
                                             const char *name)
{
    return type && name ? protobuf_c_message_descriptor_get_field_by_name(type, name) : NULL;
}

const ProtobufCFieldDescriptor *route_member(const struct gateway_route *route)
{
    return field(doors[route->door].command, route->member);
}

static const ProtobufCMessageDescriptor *type_of(const ProtobufCFieldDescriptor *member)
{
    return member ? member->descriptor : NULL;
}

const ProtobufCMessageDescriptor *route_takes(const struct gateway_route *route)
{
    const ProtobufCMessageDescriptor *command = type_of(route_member(route));
    if (route_body_max(route) == 0)
        return NULL;
    if (!command)
        return route->takes;
    return route->body ? type_of(field(command, route->body)) : command;
}

const ProtobufCMessageDescriptor *route_answers(const struct gateway_route *route)
{
    if (route->door == DOOR_NONE || route->answers)
        return route->answers;
    if (!route->answer)
        return &whistle__v1__acted__descriptor;
    return type_of(field(doors[route->door].answer, route->answer));
}
