// The MP4 reader against files of ffmpeg's, and against broken ones.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { readMp4 } from '../../web/client/mp4.js';

function makeVideo(...options) {
  const folder = mkdtempSync(join(tmpdir(), 'lipstream-mp4-'));
  const path = join(folder, 'video.mp4');
  try {
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=64x48:rate=25:duration=1', '-f', 'lavfi', '-i',
      'sine=duration=1', '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-g', '10', '-c:a', 'aac', ...options, path]);
    const packets = execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts,size,pos,flags',
      '-of', 'csv=p=0', path], { encoding: 'utf8' }).trim().split('\n').map((line) => line.split(','));
    return { file: new Uint8Array(readFileSync(path)).buffer, packets };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const [name, options] of [
  ['pictures that are shown in another order than they are decoded', ['-bf', '3']],
  ['no such pictures', ['-bf', '0']],
  ['the index at the front', ['-bf', '2', '-movflags', '+faststart']],
]) {
  test(`finds every picture of a file with ${name}`, () => {
    const { file, packets } = makeVideo(...options);
    const track = readMp4(file);
    assert.deepEqual([track.width, track.height], [64, 48]);
    assert.match(track.codec, /^avc1\.[0-9A-F]{6}$/);
    const order = packets.map(([pts]) => Number(pts)).sort((a, b) => a - b);
    const expected = packets.map(([pts, size, pos, flags]) => (
      { offset: Number(pos), size: Number(size), key: flags.startsWith('K'), index: order.indexOf(Number(pts)) }));
    assert.deepEqual(track.samples, expected);
  });
}

test('a file cut anywhere, or with any byte changed, is read or refused, never more', () => {
  const { file } = makeVideo('-bf', '2', '-movflags', '+faststart');
  const attempt = (buffer) => {
    try {
      for (const { offset, size } of readMp4(buffer).samples) assert.ok(offset + size <= buffer.byteLength);
    } catch (error) {
      assert.ok(error.constructor === Error && error.message.startsWith('MP4') || error instanceof RangeError, String(error));
    }
  };
  for (let length = 0; length < 3000; length += 37) attempt(file.slice(0, length));
  for (let at = 0; at < 3000; at += 11) {
    const changed = file.slice(0);
    new Uint8Array(changed)[at] ^= 0xff;
    attempt(changed);
  }
});
