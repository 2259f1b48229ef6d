// SPDX-License-Identifier: Apache-2.0
// The description of the HTTP interface (OpenAPI 3.1), made of the route table, the vocabulary's
// descriptors and their comments. What is not in the table is not described, and not served.
#ifndef WH_GATEWAY_VIEW_OPENAPI_H
#define WH_GATEWAY_VIEW_OPENAPI_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

// The whole document. New reference; NULL without memory.
json_t *openapi_document(void);

// The schema of a message as client/json.h writes it, by reference; what it needs is added to
// `schemas`. New reference.
json_t *openapi_schema(json_t *schemas, const ProtobufCMessageDescriptor *type);
// Of one field, also a repeated one.
json_t *openapi_field(json_t *schemas, const ProtobufCFieldDescriptor *field);

#endif
