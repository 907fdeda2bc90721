/* speak AVATAR SPEECH.wav OUTPUT.y4m: a live session. Samples go in as they would come from a microphone, frames come
 * out as soon as they can be made; they are written as a Y4M video, which every player shows, and their sound beside it
 * as OUTPUT.y4m.pcm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lipstream.h"

enum { CHUNK_MS = 20 };

static int fail(const char* what) {
  fprintf(stderr, "error: %s: %s\n", what, lips_last_error());
  return 1;
}

/* The samples of a 16-bit mono or stereo WAV file, as short as such a thing can be. */
static int16_t* read_wav(const char* path, int* rate, int* channels, size_t* samples) {
  unsigned char header[44];
  FILE* file = fopen(path, "rb");
  int16_t* pcm = NULL;
  if (file != NULL && fread(header, 1, sizeof header, file) == sizeof header && memcmp(header, "RIFF", 4) == 0 &&
      memcmp(header + 36, "data", 4) == 0 && header[34] == 16) {
    const size_t bytes = header[40] | header[41] << 8 | (size_t)header[42] << 16 | (size_t)header[43] << 24;
    *rate = header[24] | header[25] << 8 | header[26] << 16;
    *channels = header[22];
    pcm = malloc(bytes + 1);
    if (pcm != NULL) *samples = fread(pcm, 1, bytes, file) / 2 / (size_t)*channels;
  }
  if (file != NULL) fclose(file);
  return pcm;
}

static void write_frame(FILE* video, FILE* sound, const lips_frame* frame, int channels) {
  int p, y;
  fputs("FRAME\n", video);
  for (p = 0; p < 3; ++p) {
    const int width = p == 0 ? frame->width : (frame->width + 1) / 2;
    const int height = p == 0 ? frame->height : (frame->height + 1) / 2;
    for (y = 0; y < height; ++y) fwrite(frame->plane[p] + y * frame->stride[p], 1, (size_t)width, video);
  }
  if (frame->audio_samples > 0) fwrite(frame->audio, 2 * (size_t)channels, frame->audio_samples, sound);
}

/* Pulls what is there; with `all`, until the stream ends. */
static int pull(lips_session* session, FILE* video, FILE* sound, int channels, int all, int* frames) {
  lips_frame frame;
  int status = LIPS_OK;
  while (status == LIPS_OK) {
    lips_frame_init(&frame, sizeof frame);
    status = lips_session_pull(session, &frame, all ? -1 : 0);
    if (status != LIPS_OK) break;
    write_frame(video, sound, &frame, channels);
    ++*frames;
  }
  return status == (all ? LIPS_END_OF_STREAM : LIPS_NEED_MORE_INPUT) ? LIPS_OK : status;
}

int main(int argc, char** argv) {
  int rate = 0, channels = 0, frames = 0, status = LIPS_OK;
  size_t samples = 0, at = 0;
  char sound_path[4096];
  lips_avatar* avatar = NULL;
  lips_session* session = NULL;
  lips_avatar_facts facts;
  lips_session_options options;
  if (argc != 4) {
    fprintf(stderr, "usage: speak AVATAR SPEECH.wav OUTPUT.y4m\n");
    return 2;
  }
  int16_t* pcm = read_wav(argv[2], &rate, &channels, &samples);
  if (pcm == NULL) {
    fprintf(stderr, "error: %s is no 16-bit WAV file\n", argv[2]);
    return 1;
  }
  if (lips_avatar_open(argv[1], NULL, &avatar) != LIPS_OK) return fail("cannot open the avatar");
  lips_avatar_facts_init(&facts, sizeof facts);
  lips_avatar_get_facts(avatar, &facts);
  lips_session_options_init(&options, sizeof options);
  options.rate_hz = rate;
  options.channels = channels;
  if (lips_session_open(avatar, &options, &session) != LIPS_OK) return fail("cannot open a session");

  snprintf(sound_path, sizeof sound_path, "%s.pcm", argv[3]);
  FILE* video = fopen(argv[3], "wb");
  FILE* sound = fopen(sound_path, "wb");
  if (video == NULL || sound == NULL) {
    fprintf(stderr, "error: cannot write %s\n", argv[3]);
    return 1;
  }
  fprintf(video, "YUV4MPEG2 W%d H%d F%d:%d Ip A1:1 C420mpeg2\n", facts.width, facts.height, facts.fps_num,
          facts.fps_den);
  while (at < samples && status == LIPS_OK) {
    size_t count = (size_t)(rate * CHUNK_MS / 1000);
    if (count > samples - at) count = samples - at;
    status = lips_session_push(session, pcm + at * (size_t)channels, count);
    at += count;
    if (status == LIPS_OK) status = pull(session, video, sound, channels, 0, &frames);
  }
  if (status == LIPS_OK) status = lips_session_finish(session);
  if (status == LIPS_OK) status = pull(session, video, sound, channels, 1, &frames);
  if (status != LIPS_OK) fail("speaking");
  printf("%s: %d frames of %dx%d\n", argv[3], frames, facts.width, facts.height);
  fclose(video);
  fclose(sound);
  lips_session_close(session);
  lips_avatar_close(avatar);
  free(pcm);
  return status == LIPS_OK ? 0 : 1;
}
