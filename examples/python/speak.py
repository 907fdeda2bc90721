#!/usr/bin/env python3
"""A live session and a rendered file through lipstream.h with nothing but ctypes.

usage: speak.py AVATAR SPEECH.wav OUTPUT.mp4

Pushes the speech in pieces of 20 ms, pulls the frames and counts them, then renders the same speech to a file.
LIPSTREAM_LIBRARY names the library where the system does not find it.
"""
import ctypes
import os
import sys
import wave
from ctypes import POINTER, byref, c_char_p, c_double, c_int, c_int64, c_size_t, c_ssize_t, c_uint8, c_void_p

LIPS_ABI = 1
OK, END_OF_STREAM, NEED_MORE_INPUT = 0, 6, 7
PCM_S16, PIXELS_BGR = 1, 2


class Sized(ctypes.Structure):
    """A struct that begins with its own size and is initialised by the library."""

    def __init__(self, library):
        super().__init__()
        getattr(library, self.init)(byref(self), ctypes.sizeof(self))


class AvatarFacts(Sized):
    init = "lips_avatar_facts_init"
    _fields_ = [("struct_size", c_size_t), ("path", c_char_p), ("name", c_char_p), ("width", c_int), ("height", c_int),
                ("fps_num", c_int), ("fps_den", c_int), ("frames", c_int64), ("layout", c_char_p), ("is_pack", c_int)]


class SessionOptions(Sized):
    init = "lips_session_options_init"
    _fields_ = [("struct_size", c_size_t), ("rate_hz", c_int), ("channels", c_int), ("pcm", c_int), ("pixels", c_int),
                ("start_frame", c_int64), ("ahead_frames", c_int)]


class Frame(Sized):
    init = "lips_frame_init"
    _fields_ = [("struct_size", c_size_t), ("pts_us", c_int64), ("index", c_int64), ("utterance", c_int64),
                ("flags", c_int), ("width", c_int), ("height", c_int), ("pixels", c_int),
                ("plane", POINTER(c_uint8) * 3), ("stride", c_ssize_t * 3), ("matrix", c_int), ("full_range", c_int),
                ("audio", c_void_p), ("audio_samples", c_size_t)]


Progress = ctypes.CFUNCTYPE(c_int, c_int64, c_int64, c_void_p)


class RenderOptions(Sized):
    init = "lips_render_options_init"
    _fields_ = [("struct_size", c_size_t), ("codec", c_char_p), ("crf", c_int), ("preset", c_char_p),
                ("duration_s", c_double), ("start_frame", c_int64), ("no_audio", c_int), ("progress", Progress),
                ("user", c_void_p)]


def load():
    library = ctypes.CDLL(os.environ.get("LIPSTREAM_LIBRARY", "liblipstream.so.1"))
    library.lips_last_error.restype = c_char_p
    library.lips_version.restype = c_char_p
    if library.lips_abi() != LIPS_ABI:
        raise RuntimeError(f"this library has ABI {library.lips_abi()}, this program was made for {LIPS_ABI}")
    library.lips_avatar_open.argtypes = [c_char_p, c_void_p, POINTER(c_void_p)]
    library.lips_avatar_close.argtypes = [c_void_p]
    library.lips_avatar_get_facts.argtypes = [c_void_p, POINTER(AvatarFacts)]
    library.lips_avatar_render.argtypes = [c_void_p, c_char_p, c_char_p, POINTER(RenderOptions), c_void_p]
    library.lips_session_open.argtypes = [c_void_p, POINTER(SessionOptions), POINTER(c_void_p)]
    library.lips_session_close.argtypes = [c_void_p]
    library.lips_session_push.argtypes = [c_void_p, c_char_p, c_size_t]
    library.lips_session_finish.argtypes = [c_void_p]
    library.lips_session_pull.argtypes = [c_void_p, POINTER(Frame), c_int]
    return library


def check(library, status):
    if status != OK:
        raise RuntimeError(library.lips_last_error().decode())


def speak(library, avatar, path):
    """(frames, samples of their sound) of a WAV file's speech."""
    with wave.open(path) as speech:
        options = SessionOptions(library)
        options.rate_hz, options.channels, options.pcm = speech.getframerate(), speech.getnchannels(), PCM_S16
        options.pixels = PIXELS_BGR
        session = c_void_p()
        check(library, library.lips_session_open(avatar, byref(options), byref(session)))
        frames = samples = 0
        finished = False
        status = NEED_MORE_INPUT
        while status != END_OF_STREAM:
            frame = Frame(library)
            status = library.lips_session_pull(session, byref(frame), -1 if finished else 0)
            if status == OK:
                frames += 1
                samples += frame.audio_samples
                row = ctypes.string_at(frame.plane[0], 3 * frame.width)  # e.g. for numpy.frombuffer
                assert len(row) == 3 * frame.width
            elif status == NEED_MORE_INPUT:
                pcm = speech.readframes(options.rate_hz // 50)
                count = len(pcm) // (2 * options.channels)
                if count:
                    check(library, library.lips_session_push(session, pcm, count))
                else:
                    check(library, library.lips_session_finish(session))
                    finished = True
            elif status != END_OF_STREAM:
                check(library, status)
        library.lips_session_close(session)
    return frames, samples


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    avatar_path, speech_path, output = sys.argv[1:]
    library = load()
    print("lipstream", library.lips_version().decode())
    avatar = c_void_p()
    check(library, library.lips_avatar_open(avatar_path.encode(), None, byref(avatar)))
    facts = AvatarFacts(library)
    check(library, library.lips_avatar_get_facts(avatar, byref(facts)))
    print(f"{facts.name.decode()}: {facts.width}x{facts.height}, {facts.frames} template frames")
    frames, samples = speak(library, avatar, speech_path)
    print(f"live: {frames} frames, {samples} samples")
    options = RenderOptions(library)
    options.progress = Progress(lambda done, total, user: 0)
    check(library, library.lips_avatar_render(avatar, speech_path.encode(), output.encode(), byref(options), None))
    print(f"rendered: {output}")
    library.lips_avatar_close(avatar)


if __name__ == "__main__":
    main()
