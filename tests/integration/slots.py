"""Which slot of a Redis Cluster a key is in, and which keys a command names."""
import binascii

SLOTS = 16384

# Commands that take any number of keys, and how many words belong to each key: a client of a cluster sends one for each slot.
SPLIT = {"DEL": 1, "UNLINK": 1, "EXISTS": 1, "TOUCH": 1, "MGET": 1, "MSET": 2}
SECOND = {"OBJECT", "MEMORY", "XINFO", "XGROUP", "DEBUG", "BITOP"}  # the word behind these is no key
COUNTED = {"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL"}  # script, how many keys, keys


def octets(word):
    return word if isinstance(word, bytes) else str(word).encode()


def tag_of(key):
    """What stands between its first { and the next }; all of it where there is nothing between them."""
    _, opened, rest = key.partition("{")
    tag, closed, _ = rest.partition("}")
    return tag if opened and closed and tag else key


def slot_of(key):
    """CRC16 (XMODEM) of its tag."""
    return binascii.crc_hqx(tag_of(octets(key).decode("latin-1")).encode("latin-1"), 0) % SLOTS


def key_of(words):
    """The first key of a command, None where it names none."""
    name = str(words[0]).upper()
    if name in COUNTED:
        return words[3] if int(words[2]) > 0 else None
    if name in ("XREAD", "XREADGROUP"):
        return words[[str(word).upper() for word in words].index("STREAMS") + 1]
    at = 2 if name in SECOND else 1
    return words[at] if len(words) > at else None


def split(words):
    """The command once for each slot of its keys: [(places of its keys, words)]. One that must not be split stays whole."""
    width = SPLIT.get(str(words[0]).upper())
    if width is None:
        return [(None, words)]
    places = {}
    for place in range((len(words) - 1) // width):
        places.setdefault(slot_of(words[1 + place * width]), []).append(place)
    return [(those, (words[0], *(word for place in those for word in words[1 + place * width:1 + (place + 1) * width])))
            for those in places.values()]
