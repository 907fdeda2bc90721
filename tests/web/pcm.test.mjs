// Samples: conversion, resampling in any chunks, and the ring of what was sent.
import assert from 'node:assert/strict';
import test from 'node:test';
import { PcmRing, Resampler, floatToInt16, int16ToFloat } from '../../web/client/pcm.js';

const sine = (hz, rate, seconds) =>
  Float32Array.from({ length: rate * seconds }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rate));
const join = (parts) => Float32Array.from(parts.flatMap((part) => [...part]));
const level = (samples) => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

test('float to 16 bit clips instead of wrapping round', () => {
  assert.deepEqual([...floatToInt16(Float32Array.of(0, 0.5, 1, 2, -1, -2))], [0, 16384, 32767, 32767, -32768, -32768]);
  assert.deepEqual([...int16ToFloat(Int16Array.of(-32768, 0, 16384))], [-1, 0, 0.5]);
});

for (const [from, to] of [[48000, 16000], [44100, 16000], [16000, 48000], [16000, 44100], [48000, 44100]]) {
  test(`${from} to ${to} Hz: any chunking gives the same samples, as many as the input lasts`, () => {
    const input = sine(440, from, 0.5);
    const whole = new Resampler(from, to);
    const expected = join([whole.push(input), whole.flush()]);
    assert.equal(expected.length, Math.ceil((input.length * to) / from));
    for (const chunk of [1, 128, 960, 5000]) {
      const resampler = new Resampler(from, to);
      const parts = [];
      for (let at = 0; at < input.length; at += chunk) parts.push(resampler.push(input.subarray(at, at + chunk)));
      parts.push(resampler.flush());
      assert.deepEqual(join(parts), expected, `in chunks of ${chunk}`);
    }
  });

  test(`${from} to ${to} Hz: a tone stays where and as loud as it is`, () => {
    const resampler = new Resampler(from, to);
    const found = join([resampler.push(sine(440, from, 0.5)), resampler.flush()]);
    const expected = sine(440, to, 0.5);
    let worst = 0;
    for (let i = 200; i < found.length - 200; ++i) worst = Math.max(worst, Math.abs(found[i] - expected[i]));
    assert.ok(worst < 0.01, `off by ${worst}`);
  });
}

test('what 16 kHz cannot hold does not come back as another tone', () => {
  const resampler = new Resampler(48000, 16000);
  assert.ok(level(resampler.push(sine(11000, 48000, 0.5)).subarray(100)) < 0.01);
});

test('the ring gives back its newest samples, and says which it no longer has', () => {
  const ring = new PcmRing(5);
  ring.append(Int16Array.of(0, 1, 2));
  assert.deepEqual([...ring.slice(0)], [0, 1, 2]);
  ring.append(Int16Array.of(3, 4, 5, 6));
  assert.equal(ring.start, 2);
  assert.deepEqual([...ring.slice(2)], [2, 3, 4, 5, 6]);
  assert.deepEqual([...ring.slice(3, 5)], [3, 4]);
  assert.throws(() => ring.slice(1), /samples 1\.\.7 are not among the kept 2\.\.7/);
  ring.append(Int16Array.from({ length: 12 }, (_, i) => 7 + i));
  assert.deepEqual([...ring.slice(ring.start)], [14, 15, 16, 17, 18]);
});
