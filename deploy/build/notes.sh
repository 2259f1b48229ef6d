#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# notes.sh OUT PROTO…: rows {"Message", "text"}, of the comment that stands in front of each message
# and enum of the vocabulary, for the descriptions in /openapi.json. Sorted by name.
set -eu
out=$1
shift
awk '
    /^\/\/ ----/ { text = ""; next }
    /^\/\// { line = substr($0, 4); text = text == "" ? line : text " " line; next }
    /^(message|enum) / { if (text != "") { gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text)
                         printf "{\"%s\", \"%s\"},\n", $2, text } }
    { text = "" }' "$@" | LC_ALL=C sort >"$out.part"
[ "$(wc -l <"$out.part")" -gt 40 ] || { echo "notes.sh: no comments found" >&2; exit 1; }
mv "$out.part" "$out"
