#!/usr/bin/env python3
"""Writes lipsync_v1.json: what a client and a server of the live protocol must understand, bytes and events.

usage: make_lipsync_v1.py > lipsync_v1.json

The bytes come from docs/protocol.md by Python's struct, not from our own encoders, so that these are tested, too.
"""
import json
import struct
import sys

FIELDS = ("kind", "codec", "flags", "seq", "utterance", "pts_us", "x", "y", "w", "h", "template_frame",
          "server_latency_us")


def message(payload=b"", magic=0x4C, version=1, extra=b"", length=None, **fields):
    header = dict.fromkeys(FIELDS, 0) | fields
    length = 40 + len(extra) if length is None else length
    data = struct.pack("<BBBBHHIIqHHHHII", magic, version, header["kind"], header["codec"], header["flags"], length,
                       header["seq"], header["utterance"], header["pts_us"], header["x"], header["y"], header["w"],
                       header["h"], header["template_frame"], header["server_latency_us"])
    return header, data + extra + payload


def good(name, payload=b"", extra=b"", **fields):
    header, data = message(payload, extra=extra, **fields)
    return {"name": name, "hex": data.hex(), "header": header, "payload_hex": payload.hex()}


def bad(name, data):
    return {"name": name, "hex": data.hex()}


KINDS = {1: "full frame", 2: "patch", 3: "fMP4 init", 4: "fMP4 fragment", 5: "audio"}
CODECS = {1: "JPEG", 2: "WebP", 3: "H.264", 4: "MP4", 5: "PCM s16le", 6: "Opus", 7: "AAC"}
FLAGS = {1: "key", 2: "idle", 4: "last of utterance", 8: "discontinuity", 16: "repeat", 32: "frames dropped before"}


def media():
    yield good("patch of an utterance's third frame", b"\xff\xd8\xff\xd9", kind=2, codec=1, flags=1, seq=2, utterance=1,
               pts_us=80000, x=520, y=300, w=188, h=188, template_frame=3, server_latency_us=23456)
    for kind, name in KINDS.items():
        yield good(f"kind {kind}: {name}", b"\x01", kind=kind, codec=1, seq=kind)
    for codec, name in CODECS.items():
        yield good(f"codec {codec}: {name}", b"\x02", kind=1, codec=codec, seq=codec)
    for flag, name in FLAGS.items():
        yield good(f"flag {flag}: {name}", b"\x03", kind=1, codec=3, flags=flag, seq=flag)
    yield good("all flags at once", b"\x03", kind=1, codec=3, flags=63)
    yield good("no payload", kind=5, codec=5)
    yield good("every field at its largest", b"\x04", kind=2, codec=1, flags=0xFFFF, seq=2**32 - 1, utterance=2**32 - 1,
               pts_us=2**53 - 1, x=65535, y=65535, w=65535, h=65535, template_frame=2**32 - 1,
               server_latency_us=2**32 - 1)
    yield good("a day of media time", b"\x05", kind=1, codec=1, seq=2160000, utterance=7, pts_us=86_400_000_000)
    yield good("before media time 0", b"\x05", kind=1, codec=1, pts_us=-40000)
    yield good("a longer header of a later version's", b"\x06\x07", extra=b"\xaa" * 8, kind=2, codec=1, seq=9, x=1, y=2,
               w=3, h=4)
    yield good("a longer header and no payload", extra=b"\xbb" * 24, kind=4, codec=4)
    yield good("kind and codec nobody knows yet", b"\x08", kind=200, codec=201)


def bad_media():
    whole = message(b"\x01\x02", kind=1, codec=1)[1]
    yield bad("nothing", b"")
    yield bad("a header cut short", whole[:39])
    yield bad("another magic", message(magic=0x4D, kind=1)[1])
    yield bad("another version", message(version=2, kind=1)[1])
    yield bad("a header shorter than 40 bytes", message(b"\x01" * 8, length=39, kind=1)[1])
    yield bad("a header longer than the message", message(b"\x01" * 8, length=49, kind=1)[1])


CLIENT_EVENTS = [
    {"type": "session.update", "event_id": "e1", "audio_in": {"format": "pcm_f32le", "rate": 48000},
     "video": {"mode": "h264", "bitrate_kbps": 1500}, "audio_out": "aac", "pace": "asap", "max_lead_ms": 800,
     "idle": "client", "start_frame": 12},
    {"type": "session.update", "video": {"mode": "patch", "quality": 90}, "pace": "realtime"},
    {"type": "input_audio.append", "audio": "AAABAAIA"},
    {"type": "input_audio.commit"},
    {"type": "input_audio.commit", "utterance": "greeting"},
    {"type": "input_audio.clear", "event_id": "stop-1"},
    {"type": "playback.report", "pts_us": 1234567, "buffered_ms": 320, "dropped": 2},
    {"type": "keyframe.request"},
    {"type": "session.resume", "resume_token": "00112233445566778899aabbccddeeff", "next_sample": 160000},
    {"type": "ping", "t": 1732549200123},
    {"type": "ping", "t": "any text"},
    {"type": "session.close"},
    {"type": "input_audio.commit", "a_field_of_a_later_version": {"nested": [1, 2, 3]}},
]

BAD_CLIENT_EVENTS = [
    ("no JSON", "input_audio.commit", "bad_json", True),
    ("no object", "[1, 2]", "bad_json", True),
    ("nested too deep", "[" * 64 + "]" * 64, "bad_json", True),
    ("no type", '{"event_id": "x"}', "unknown_type", False),
    ("a type of a later version", '{"type": "session.dance", "event_id": "x"}', "unknown_type", False),
    ("a mode nobody has", '{"type": "session.update", "video": {"mode": "hologram"}}', "unknown_value", False),
    ("a number where text is due", '{"type": "input_audio.append", "audio": 7}', "wrong_type", False),
    ("no audio", '{"type": "input_audio.append"}', "missing_field", False),
    ("audio that is no base64", '{"type": "input_audio.append", "audio": "%%%"}', "bad_base64", False),
    ("a resume without its token", '{"type": "session.resume", "next_sample": 0}', "missing_field", False),
]

LIMITS = {
    "text_bytes": 65536, "json_depth": 16, "audio_message_ms": 10000, "audio_pause_ms": 30000, "audio_queue_ms": 60000,
    "connect_ms": 30000, "first_message_ms": 30000, "idle_ms": 60000, "session_ms": 3600000, "resume_ms": 30000,
    "stall_ms": 2000, "video_queue_ms": 500, "video_queue_bytes": 2097152, "slow_warn_ms": 5000, "slow_close_ms": 15000,
    "utterances": 100,
}

# What a client may be told when its connection ends, beside those of RFC 6455.
CLOSE_CODES = {
    "bad_text": 1007, "too_big": 1009, "internal": 1011, "restart": 1012, "overload": 1013, "bad_hello": 4400,
    "auth": 4401, "forbidden": 4403, "no_avatar": 4404, "idle": 4408, "resumed": 4409, "time_limit": 4410, "rate": 4429,
    "slow_client": 4430,
}

SERVER_EVENTS = [
    {"type": "session.created", "session_id": "s-1", "protocol": "1.0",
     "avatar": {"id": "anna", "name": "Anna", "width": 1280, "height": 720, "fps": 25, "frames": 523, "loop": "pingpong",
                "patch": {"max_w": 204, "max_h": 204}, "background_url": "/v1/avatars/anna/background.mp4?v=00112233",
                "label": {"text": "AI-generated", "x": 14, "y": 656, "w": 300, "h": 50}},
     "video": {"mode": "h264", "codec": "avc1.42E01F", "width": 1280, "height": 720, "fps": "30000/1001"},
     "audio_in": {"format": "pcm_s16le", "rate": 16000}, "limits": LIMITS, "lookahead_ms": 452.5,
     "resume_token": "00112233445566778899aabbccddeeff", "expires_ms": 3600000},
    {"type": "utterance.started", "utterance": 1, "start_sample": 0, "first_pts_us": 480000},
    {"type": "session.updated", "avatar": "anna", "video": {"mode": "patch", "width": 1280, "height": 720, "fps": 25,
                                                             "quality": 70},
     "audio_out": "none", "pace": "realtime", "max_lead_ms": 400, "idle": "server"},
    {"type": "stats", "frames_sent": 125, "frames_dropped": 1, "frames_late": 2, "frames_repeated": 3,
     "buffered_ms": 240, "p50_ms": 12.5, "p99_ms": 31.25, "client_dropped": 4},
    {"type": "input_audio.ack", "samples": 8000, "buffered_ms": 120},
    {"type": "utterance.done", "utterance": 1, "frames_sent": 25, "frames_dropped": 0, "audio_samples": 16000,
     "last_pts_us": 1440000, "interrupted": False, "playback_position_ms": 560, "first_frame_ms": 31.5, "p50_ms": 24.0,
     "p99_ms": 41.25},
    {"type": "output.cleared", "utterance": 2, "cut_pts_us": 1800000, "audio_end_ms": 320},
    {"type": "warning", "code": "slow_client", "detail": "video has been dropped for 5 s"},
    {"type": "session.draining", "deadline_ms": 20000, "resume": True},
    {"type": "session.expiring", "deadline_ms": 60000, "resume": True},
    {"type": "pong", "t": 1732549200123, "server_us": 987654321},
    {"type": "error", "error": {"type": "invalid_request", "code": "unknown_type", "message": "type 'x' is not known",
                                "param": "type", "event_id": "e9"}, "fatal": False},
    {"type": "session.closed", "reason": "closed by the client",
     "totals": {"frames_sent": 25, "frames_dropped": 0, "frames_late": 0, "frames_repeated": 0, "audio_samples": 16000,
                "utterances": 1, "interruptions": 0, "client_dropped": 2}},
]


def main():
    fixture = {
        "about": "Conformance of lipsync.v1, run by every client and server of ours. Written by make_lipsync_v1.py; "
                 "docs/protocol.md explains the fields.",
        "media": list(media()),
        "bad_media": list(bad_media()),
        "client_events": [{"type": event["type"], "text": json.dumps(event)} for event in CLIENT_EVENTS],
        "bad_client_events": [{"name": name, "text": text, "code": code, "fatal": fatal}
                              for name, text, code, fatal in BAD_CLIENT_EVENTS],
        "server_events": SERVER_EVENTS,
        "close_codes": CLOSE_CODES,
    }
    json.dump(fixture, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
