#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# simplified.sh DICTIONARY OUT: rows SIMPLIFIED(U'traditional', U'simplified') of the common ideographs
# (U+4E00 to U+9FFF), in the order of code points, from the text form of opencc's dictionary
# ("繁<TAB>简 简…" a line). Run with LC_ALL=C: strings are compared as bytes.
set -eu
sort "$1" | awk -F '\t' '
    { split($2, to, " "); from[NR] = $1; first[NR] = to[1]; known[$1] = 1 }
    END {
        for (i = 1; i <= NR; i++)
            if (!(first[i] in known) && from[i] >= "\344\270\200" && from[i] <= "\351\277\277")
                printf "SIMPLIFIED(U'"'%s'"', U'"'%s'"')\n", from[i], first[i]
    }' >"$2.part"
[ "$(wc -l <"$2.part")" -gt 3000 ] || { echo "simplified.sh: $1 is no dictionary" >&2; exit 1; }
mv "$2.part" "$2"
