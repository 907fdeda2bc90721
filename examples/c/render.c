/* render AVATAR AUDIO OUTPUT: an avatar and an audio file become a video. */
#include <stdio.h>

#include "lipstream.h"

static int show_progress(int64_t done, int64_t total, void* user) {
  (void)user;
  fprintf(stderr, "\r%lld of %lld frames", (long long)done, (long long)total);
  return 0; /* anything else would end it */
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: render AVATAR AUDIO OUTPUT\n");
    return 2;
  }
  if (lips_abi() != LIPS_ABI) {
    fprintf(stderr, "error: this library has ABI %d, the program was made for %d\n", lips_abi(), LIPS_ABI);
    return 1;
  }
  lips_avatar* avatar = NULL;
  lips_render_options options;
  lips_render_report report;
  lips_render_options_init(&options, sizeof options);
  lips_render_report_init(&report, sizeof report);
  options.progress = show_progress;

  int status = lips_avatar_open(argv[1], NULL, &avatar);
  if (status == LIPS_OK) status = lips_avatar_render(avatar, argv[2], argv[3], &options, &report);
  if (status == LIPS_OK) {
    printf("\n%s: %lld frames, %dx%d\n", argv[3], (long long)report.frames, report.width, report.height);
  } else {
    fprintf(stderr, "\nerror: %s: %s\n", lips_status_name(status), lips_last_error());
  }
  lips_avatar_close(avatar);
  return status == LIPS_OK ? 0 : 1;
}
