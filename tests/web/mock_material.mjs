// Pictures for the mock server, made by ffmpeg: a moving background, mouths of eight openings, H.264, fragmented MP4.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const SIZE = { width: 320, height: 240, fps: 25, frames: 50 };
export const PATCH = { x: 112, y: 120, width: 96, height: 64 };
export const LEVELS = 8;

export function makeMaterial() {
  const folder = mkdtempSync(join(tmpdir(), 'lipstream-mock-'));
  const ffmpeg = (...args) => execFileSync('ffmpeg', ['-v', 'error', '-y', ...args], { cwd: folder });
  const source = ['-f', 'lavfi', '-i', `testsrc2=size=${SIZE.width}x${SIZE.height}:rate=25:duration=2`];
  try {
    ffmpeg(...source, '-vf', 'format=yuv420p', '-c:v', 'libx264', '-crf', '14', '-bf', '2', 'background.mp4');
    ffmpeg(...source, '-vf', 'format=yuv420p', '-c:v', 'libx264', '-profile:v', 'baseline', '-tune', 'zerolatency', '-g', '10',
      '-x264-params', 'sliced-threads=0:scenecut=0:repeat-headers=1:aud=1', 'frames.h264');
    ffmpeg('-f', 'lavfi', '-i', `nullsrc=size=${PATCH.width}x${PATCH.height}:rate=25`, '-vf', `geq=lum='40+N*25':cb=128:cr=128`,
      '-frames:v', String(LEVELS), '-q:v', '2', '-start_number', '0', 'mouth%d.jpg');
    ffmpeg(...source, '-f', 'lavfi', '-i', 'sine=duration=2', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac',
      '-movflags', 'empty_moov+frag_keyframe+default_base_moof', 'said.mp4');
    const numbered = (name, count) => Array.from({ length: count }, (_, i) => readFileSync(join(folder, name.replace('%d', i))));
    return {
      background: readFileSync(join(folder, 'background.mp4')),
      h264: splitFrames(readFileSync(join(folder, 'frames.h264'))),
      mouths: numbered('mouth%d.jpg', LEVELS),
      mp4: readFileSync(join(folder, 'said.mp4')),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Each picture begins with an access unit delimiter. */
function splitFrames(stream) {
  const delimiter = Buffer.from([0, 0, 0, 1, 9]);
  const starts = [];
  for (let at = stream.indexOf(delimiter); at >= 0; at = stream.indexOf(delimiter, at + 1)) starts.push(at);
  return starts.map((start, i) => stream.subarray(start, starts[i + 1]));
}
