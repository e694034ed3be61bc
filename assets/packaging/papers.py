"""The papers of a package, made from the source: `licences` names every crate in the program with its licence, and
`changelog` turns CHANGELOG.md into a Debian one.

    papers.py licences [--target TRIPLE]
    papers.py changelog VERSION "NAME <ADDRESS>" SECONDS
"""

import email.utils
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Licences that let a program be passed on in binary form with no more than their text beside it, and MPL 2.0, which
# asks for the source of its own files: every crate named here is at crates.io.
ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
    "ISC", "MIT", "MIT-0", "MPL-2.0", "MPL-2.0+", "OFL-1.1", "Ubuntu-font-1.0", "Unicode-3.0", "Unlicense", "Zlib",
}
IS_TEXT = re.compile(r"(?i)(licen[cs]e|copying|copyright|notice|unlicense|ofl|ufl)([-_.].*)?$|.*[-_.]licen[cs]e(\.(txt|md))?$")
IS_CODE = {".rs", ".py", ".c", ".h", ".toml", ".json"}

# What is in the program and no crate of its own.
BESIDE = """\
SQLite, in the crate libsqlite3-sys, is in the public domain: https://www.sqlite.org/copyright.html
Pretendard, the window's font, is under the SIL Open Font License 1.1. Its text is in Pretendard-LICENSE.txt.
"""

MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def is_allowed(expression):
    """Whether an SPDX expression leaves a choice that ALLOWED has in full."""
    words = re.findall(r"[()]|[^\s()]+(?: WITH [^\s()]+)?", expression.replace("/", " OR "))

    def either():
        answer = both()
        while words and words[0] == "OR":
            words.pop(0)
            other = both()
            answer = answer or other
        return answer

    def both():
        answer = one()
        while words and words[0] == "AND":
            words.pop(0)
            other = one()
            answer = answer and other
        return answer

    def one():
        word = words.pop(0)
        if word != "(":
            return word in ALLOWED
        answer = either()
        words.pop(0)
        return answer

    return either()


def cargo(*arguments):
    return subprocess.run(("cargo", *arguments), cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def crates(target):
    """What is compiled into the program, without what only tests and builds use."""
    used = {
        tuple(line.split()[:2])
        for line in cargo("tree", "--locked", "--edges=normal", "--prefix=none", f"--target={target}").splitlines()
    }
    packages = json.loads(cargo("metadata", "--locked", "--format-version=1", f"--filter-platform={target}"))["packages"]
    found = [package for package in packages if (package["name"], "v" + package["version"]) in used]
    found = [package for package in found if package["source"]]
    return sorted(found, key=lambda package: (package["name"], package["version"]))


def texts(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    for path in sorted(folder.rglob("*")):
        if path.is_file() and IS_TEXT.match(path.name) and path.suffix not in IS_CODE:
            yield path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n").strip()


def licences(target):
    packages = crates(target)
    refused = [p for p in packages if not p["license"] or not is_allowed(p["license"])]
    if refused:
        named = ", ".join(f"{p['name']} {p['version']} ({p['license']})" for p in refused)
        sys.exit(f"papers.py: these licences are not among those that a package may bring: {named}")

    print("Foldline is made of the crates below, each under the licence beside it. All are at https://crates.io.\n")
    print(BESIDE)
    by_text, users = {}, {}
    for package in packages:
        name = f"{package['name']} {package['version']}"
        print(f"{name:44} {package['license']}")
        own = list(texts(package))
        if not own and "MIT" in package["license"]:
            # Its text asks for the names. Apache's and the others' need none, and are below.
            own = [f"MIT License\n\nCopyright (c) {', '.join(package['authors']) or 'its authors'}\n\n{MIT.strip()}"]
        for text in own:
            digest = hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
            by_text.setdefault(digest, text)
            users.setdefault(digest, []).append(name)
    for digest, text in by_text.items():
        of = textwrap.fill(", ".join(dict.fromkeys(users[digest])), width=116, break_on_hyphens=False)
        print(f"\n{'=' * 116}\n{of}\n{'-' * 116}\n\n{text}")


def changelog(version, maintainer, seconds):
    """Of what CHANGELOG.md says of its newest version; Debian's tools want lines of 80."""
    newest = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## ")[1]
    print(f"foldline ({version}) unstable; urgency=medium\n")
    for item in re.split(r"^- ", newest, flags=re.MULTILINE)[1:]:
        text = " ".join(item.split()).replace("`", "")
        print(textwrap.fill(text, 78, initial_indent="  * ", subsequent_indent="    ", break_on_hyphens=False))
    print(f"\n -- {maintainer}  {email.utils.formatdate(int(seconds))}")


def main(what, *rest):
    if what == "licences":
        host = re.search(r"^host: (.*)$", subprocess.check_output(["rustc", "-vV"], text=True), re.MULTILINE)[1]
        licences(rest[1] if rest[:1] == ("--target",) else host)
    elif what == "changelog":
        changelog(*rest)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["help"]))
