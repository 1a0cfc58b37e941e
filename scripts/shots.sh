#!/bin/sh
# Keeps a picture of every page and state, on a desk and on a telephone, light and dark, and a sheet
# that shows all of them: scripts/shots.sh [DIR]
set -eu

dir=${1:-target/shots}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
rm -f "$dir"/*.png "$dir/index.html"
CLAIMLEDGER_SCREENSHOTS="$dir" cargo test -p claimledger --test program -- pages::every_page ||
    echo "some pages did not pass: their pictures are there" >&2

looks="desk-light desk-dark phone-light phone-dark"
{
    echo '<!doctype html><meta charset="utf-8"><title>claimledger: every page</title>'
    echo '<style>body{font:14px sans-serif;background:#888}'
    echo 'section{display:flex;gap:8px;align-items:flex-start;margin:0 0 24px}'
    echo 'img{display:block;border:0}.desk{width:36vw}.phone{width:10vw}h2{color:#fff}</style>'
    for first in "$dir"/*.desk-light.png; do
        name=$(basename "$first" .desk-light.png)
        echo "<h2>$name</h2><section>"
        for look in $looks; do
            file="$name.$look.png"
            [ -f "$dir/$file" ] || continue
            echo "<a href=\"$file\"><img class=\"${look%-*}\" loading=\"lazy\" src=\"$file\"" \
                "alt=\"$name, $look\"></a>"
        done
        echo '</section>'
    done
} >"$dir/index.html"
echo "$(find "$dir" -name '*.png' | wc -l) pictures; all at once: $dir/index.html"
