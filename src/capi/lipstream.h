// Lipstream for programs in any language: one C header, opaque handles, no exceptions and no aborts.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Handles. Every function is thread-safe with respect to different handles. On one handle:
//   - an avatar takes any number of calls from any threads;
//   - a session takes pushes (push, commit, interrupt, finish) from one thread and pulls from one other at the same
//   time;
//   - closing needs everybody else to be done with the handle; an avatar outlives its sessions.
// Nothing calls back into the program but the callbacks that are named as such, from the threads that they name; they
// must not throw or jump out.
//
// Errors. Functions return a status, LIPS_OK or what is wrong. The sentence that says why is lips_last_error() of the
// calling thread, and for a handle also its own error: of its last call that failed, in whichever thread.
//
// Versions. A struct begins with its own size, so that a program works with later libraries of the same LIPS_ABI:
// initialise one with its lips_..._init function and change what should differ. Functions and fields are only added
// within an ABI; what is 0, or NULL, is a default.
//
// Text is UTF-8 and ends with a zero byte. Times are whole microseconds.

#define LIPS_VERSION_MAJOR 0
#define LIPS_VERSION_MINOR 1
#define LIPS_VERSION_PATCH 0
#define LIPS_ABI 1

#if defined(__GNUC__)
#define LIPS_API __attribute__((visibility("default")))
#else
#define LIPS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

// ---- Status ----

enum {
  LIPS_OK = 0,
  LIPS_INVALID_INPUT = 1,    // an argument or a file is wrong; trying again cannot help
  LIPS_UNSUPPORTED = 2,      // well formed, but uses something that is not there
  LIPS_CORRUPTED = 3,        // bytes contradict their format or a checksum
  LIPS_IO = 4,               // the operating system said no
  LIPS_RESOURCE_LIMIT = 5,   // out of memory, or a bound of this header
  LIPS_END_OF_STREAM = 6,    // normal: nothing follows
  LIPS_NEED_MORE_INPUT = 7,  // normal: nothing to give yet
  LIPS_CANCELLED = 8,        // as asked
  LIPS_INTERNAL = 9          // a fault of the library's own, caught at this border
};

// "0.1.0" of the library, whatever header the program was compiled with.
LIPS_API const char* lips_version(void);
// The library's LIPS_ABI. Other than the header's: do not use it.
LIPS_API int lips_abi(void);
// "invalid input", "end of stream"; never NULL.
LIPS_API const char* lips_status_name(int status);
// Why the last call of this thread that failed did; "" when none has. Valid until this thread's next call.
LIPS_API const char* lips_last_error(void);

typedef enum { LIPS_LOG_DEBUG, LIPS_LOG_INFO, LIPS_LOG_WARNING, LIPS_LOG_ERROR, LIPS_LOG_OFF } lips_log_level;
// The library writes lines of this level and above to standard error. At first: warnings, or what LIPSTREAM_LOG says.
LIPS_API void lips_set_log_level(lips_log_level level);

// ---- Avatars ----

typedef struct lips_avatar lips_avatar;

typedef struct {
  size_t struct_size;
  const char* engine;         // "auto" (default: "cuda" where this machine and build have it, else "cpu"), "cpu",
                              // "cuda" (on an NVIDIA device), "ort", "reference", "null" (no network: the mouth stays),
                              // "remote=HOST:PORT" (its network runs in a lipstream serve --role generator there)
  const char* precision;      // "auto" (default), "f32" (not of "cuda"), "bf16" and "int8" (of "cpu"), "f16" (of "cuda"
                              // and "ort")
  int threads;                // compute threads; 0: one per core
  const char* composite;      // "natural" (default) or "compatible" (the reference's hard paste)
  const char* model;          // network file instead of the avatar's own
  const char* audio_encoder;  // the same for the audio encoder
  int64_t template_bytes;     // memory for what is kept per template frame, the device's of engine "cuda"; 0: a quarter
                              // of what is available
} lips_avatar_options;

typedef struct {
  size_t struct_size;
  const char* path;
  const char* name;
  int width;  // of its pictures
  int height;
  int fps_num;  // frames per second, a reduced fraction
  int fps_den;
  int64_t frames;      // of its template
  const char* layout;  // "package2", "test", ...: docs/formats.md
  int is_pack;
} lips_avatar_facts;

LIPS_API void lips_avatar_options_init(lips_avatar_options* options, size_t struct_size);
LIPS_API void lips_avatar_facts_init(lips_avatar_facts* facts, size_t struct_size);

// Opens a folder or a pack. Its networks are loaded by the first session. `options` may be NULL. On failure *avatar is
// NULL.
LIPS_API int lips_avatar_open(const char* path, const lips_avatar_options* options, lips_avatar** avatar);
LIPS_API void lips_avatar_close(lips_avatar* avatar);  // NULL: nothing
// Text in `facts` lives as long as the avatar.
LIPS_API int lips_avatar_get_facts(const lips_avatar* avatar, lips_avatar_facts* facts);
// Writes the handle's last error to `text`, cut to `size` bytes with its zero byte. Returns its whole length.
LIPS_API size_t lips_avatar_error(const lips_avatar* avatar, char* text, size_t size);

// Told of every entry of the folder that is, or claims to be, an avatar, in the order of their names, from the calling
// thread. `problem` is NULL, or why it cannot be opened (only facts->path is set then). What is not 0 ends the walk.
typedef int (*lips_avatar_visitor)(const lips_avatar_facts* facts, const char* problem, void* user);
LIPS_API int lips_list_avatars(const char* folder, lips_avatar_visitor visitor, void* user);

// ---- Rendering a file ----

// From one thread of the library, after every frame. What is not 0 ends the rendering with LIPS_CANCELLED.
typedef int (*lips_progress)(int64_t done, int64_t total, void* user);

typedef struct {
  size_t struct_size;
  const char* codec;    // "h264" (default), "hevc", "vp9", "ffv1", "mjpeg"
  int crf;              // 1..63, lower is better; 0: 20
  const char* preset;   // of the encoder; default "veryfast"
  double duration_s;    // only the beginning of the audio; 0: all
  int64_t start_frame;  // of the template
  int no_audio;         // not 0: a video without sound
  lips_progress progress;
  void* user;
} lips_render_options;

typedef struct {
  size_t struct_size;
  int64_t frames;
  int width;
  int height;
  int fps_num;
  int fps_den;
  double wall_s;
  double frames_per_second;
} lips_render_report;

LIPS_API void lips_render_options_init(lips_render_options* options, size_t struct_size);
LIPS_API void lips_render_report_init(lips_render_report* report, size_t struct_size);

// Makes the avatar speak an audio file (any that FFmpeg reads) into a video file; its extension chooses the container.
// Blocks until the file is complete; on failure there is none. `options` and `report` may be NULL.
LIPS_API int lips_avatar_render(lips_avatar* avatar, const char* audio, const char* output,
                                const lips_render_options* options, lips_render_report* report);
// Ends every lips_avatar_render that runs on this handle now with LIPS_CANCELLED.
LIPS_API void lips_avatar_cancel(lips_avatar* avatar);

// ---- Live ----

typedef struct lips_session lips_session;

typedef enum { LIPS_PCM_S16 = 1, LIPS_PCM_S32 = 2, LIPS_PCM_F32 = 3, LIPS_PCM_U8 = 4 } lips_pcm;  // native byte order
typedef enum { LIPS_PIXELS_I420 = 1, LIPS_PIXELS_BGR = 2 } lips_pixels;

typedef struct {
  size_t struct_size;
  int rate_hz;          // of the PCM: 1000..768000; default 16000
  int channels;         // 1..64, interleaved; default 1
  lips_pcm pcm;         // default LIPS_PCM_S16
  lips_pixels pixels;   // default LIPS_PIXELS_I420
  int64_t start_frame;  // of the template
  int ahead_frames;     // frames made before they are pulled, 1..250; default 16
} lips_session_options;

enum {
  LIPS_FRAME_LAST = 1,  // of its utterance
  LIPS_FRAME_IDLE = 2   // of none: after an interruption a few frames ease the mouth to rest
};

// A picture and the sound that is heard while it is shown. Everything lives until the session's next pull.
typedef struct {
  size_t struct_size;
  // In the session's time, which begins with its first sample: frame n is shown at n / fps, rounded down. Numbers may
  // leave gaps where utterances meet and after interruptions: the frame before is shown on.
  int64_t pts_us;
  int64_t index;      // n
  int64_t utterance;  // from 1; 0: LIPS_FRAME_IDLE
  int flags;
  int width;
  int height;
  lips_pixels pixels;
  const uint8_t* plane[3];  // I420: Y, U, V; BGR: the first alone
  ptrdiff_t stride[3];      // bytes from row to row
  int matrix;               // I420: 601 or 709
  int full_range;           // I420: 0 when levels are 16..235
  // What is heard from this frame to the next, as it was pushed. All frames' sound in order is all that was pushed and
  // not interrupted.
  const void* audio;
  size_t audio_samples;  // for each channel
} lips_frame;

LIPS_API void lips_session_options_init(lips_session_options* options, size_t struct_size);
LIPS_API void lips_frame_init(lips_frame* frame, size_t struct_size);

// The avatar's first session loads its networks, which takes a second or so. `options` may be NULL. On failure *session
// is NULL.
LIPS_API int lips_session_open(lips_avatar* avatar, const lips_session_options* options, lips_session** session);
LIPS_API void lips_session_close(lips_session* session);  // NULL: nothing
LIPS_API size_t lips_session_error(const lips_session* session, char* text, size_t size);

// Appends `samples` (for each channel) of speech, up to 30 s at a time. Returns at once. LIPS_RESOURCE_LIMIT, and
// nothing appended, when more than 30 s would wait to be pulled: pull first.
LIPS_API int lips_session_push(lips_session* session, const void* pcm, size_t samples);
// The end of an utterance: what was pushed is finished without waiting for what follows. (A frame needs the sound of
// the half second after it.) What is pushed next begins another utterance.
LIPS_API int lips_session_commit(lips_session* session);
// Barge-in: forgets what was pushed and not pulled. No frame of it is pulled afterwards.
LIPS_API int lips_session_interrupt(lips_session* session);
// Commits, and says that nothing more comes: after the last frame a pull gives LIPS_END_OF_STREAM.
LIPS_API int lips_session_finish(lips_session* session);

// The next frame, waiting for it at most `timeout_ms` (0: not at all; negative: as long as it takes).
// LIPS_NEED_MORE_INPUT: none in that time, or at once when all that was committed has been pulled and nothing was
// pushed since. LIPS_END_OF_STREAM: none will come. A frame that came but with an earlier mouth, because the network
// failed, leaves its reason in lips_session_error.
LIPS_API int lips_session_pull(lips_session* session, lips_frame* frame, int timeout_ms);

#ifdef __cplusplus
}
#endif
