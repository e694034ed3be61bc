#!/bin/sh
# Puts Foldline into your own folders, without root:
#
#   ./install.sh                   below ~/.local: the program, the menu's entry, icons, man pages and completions
#   ./install.sh --prefix FOLDER   below another folder
#   ./install.sh --remove          takes away again what was put there (with the same --prefix)
#
# Settings and the sample store are left alone. Nothing here is needed to run bin/foldline where it is.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "install.sh: $*" >&2
    exit 1
}
prefix=${HOME:?HOME is not set}/.local
remove=
while [ $# -gt 0 ]; do
    case $1 in
    --prefix) prefix=${2:?--prefix wants a folder}; shift 2 ;;
    --remove) remove=yes; shift ;;
    *) sed -n '2,/^set/{s/^# \{0,1\}//;/^set/!p;}' "$0" >&2; exit 2 ;;
    esac
done
case $prefix in
/*) ;;
*) prefix=$(pwd)/$prefix ;;
esac

# Every file of this archive that has a place below the prefix.
files() { find bin share -type f; }

# The menus learn of it at once where these are installed, and at the next login otherwise.
tell_the_desktop() {
    if command -v update-desktop-database >/dev/null; then
        update-desktop-database -q "$prefix/share/applications" 2>/dev/null || true
    fi
    # Only a cache that is there can be out of date.
    if [ -f "$prefix/share/icons/hicolor/icon-theme.cache" ] && command -v gtk-update-icon-cache >/dev/null; then
        gtk-update-icon-cache -q -t "$prefix/share/icons/hicolor" 2>/dev/null || true
    fi
}

if [ -n "$remove" ]; then
    files | while IFS= read -r file; do rm -f "$prefix/$file"; done
    rmdir "$prefix/share/doc/foldline" 2>/dev/null || true
    tell_the_desktop
    echo "Foldline is removed from $prefix."
    exit 0
fi

said=$(bin/foldline --version 2>&1) || fail "the program does not run on this system: $said"
files | while IFS= read -r file; do
    mkdir -p "$prefix/$(dirname "$file")"
    # Aside first: a program that runs may not be written to.
    cp "$file" "$prefix/$file.new"
    mv -f "$prefix/$file.new" "$prefix/$file"
done
# A desktop session need not have bin on its path. What stands in quotes there is escaped twice over.
program=$(printf '%s' "$prefix/bin/foldline" | sed 's/\\/\\\\\\\\/g; s/["`$]/\\\\&/g; s/%/%%/g')
entry=$prefix/share/applications/foldline.desktop
escaped=$(printf '%s' "$program" | sed 's/[\\&|]/\\&/g')
sed "s|^Exec=foldline|Exec=\"$escaped\"|" share/applications/foldline.desktop >"$entry.new"
mv -f "$entry.new" "$entry"
tell_the_desktop
echo "$said is in $prefix."
case :$PATH: in
*:"$prefix/bin":*) ;;
*) echo "Add $prefix/bin to your PATH to run it as foldline; the menu has it without." ;;
esac
