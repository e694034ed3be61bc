"""Lets a library that was linked against glibc 2.38 be loaded by an older one.

All that it wants of 2.38 are fmod and fmodf, which only set errno otherwise than before: it is told to take those that
every glibc has. Writes a copy; the library itself stays as it was installed.
"""
import struct
import sys

WANTED, EVERYWHERE = b"GLIBC_2.38", b"GLIBC_2.2.5"
VERSIONS_NEEDED = 0x6FFFFFFE


def elf_hash(name):
    value = 0
    for byte in name:
        value = (value << 4) + byte
        top = value & 0xF0000000
        value = (value ^ (top >> 24)) & ~top & 0xFFFFFFFF
    return value


def main(source, copy):
    data = bytearray(open(source, "rb").read())
    sections, count = struct.unpack_from("<Q", data, 40)[0], struct.unpack_from("<H", data, 60)[0]
    for number in range(count):
        section = sections + 64 * number
        if struct.unpack_from("<I", data, section + 4)[0] != VERSIONS_NEEDED:
            continue
        needed, link = struct.unpack_from("<Q", data, section + 24)[0], struct.unpack_from("<I", data, section + 40)[0]
        names, size = struct.unpack_from("<QQ", data, sections + 64 * link + 24)
        name = data.find(b"\0" + EVERYWHERE + b"\0", names, names + size) + 1 - names
        while True:
            versions, first, following = *struct.unpack_from("<H", data, needed + 2), *struct.unpack_from("<II", data, needed + 8)
            version = needed + first
            for _ in range(versions):
                if struct.unpack_from("<I", data, version)[0] == elf_hash(WANTED):
                    struct.pack_into("<I", data, version, elf_hash(EVERYWHERE))
                    struct.pack_into("<I", data, version + 8, name)
                version += struct.unpack_from("<I", data, version + 12)[0]
            if not following:
                break
            needed += following
    open(copy, "wb").write(data)


main(*sys.argv[1:])
