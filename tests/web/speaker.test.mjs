// What is played when: gapless pieces, clocks that go back, silence at once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Speaker } from '../../web/client/speaker.js';

/** An AudioContext of 48 kHz that writes down what it is asked to play. */
class FakeContext {
  sampleRate = 48000;
  currentTime = 0;
  destination = {};
  played = [];  // {at, offset, length, stopped} in samples, by start

  createGain() {
    const gain = { ramps: [], setValueAtTime() {}, linearRampToValueAtTime: (value, at) => gain.ramps.push([value, at]) };
    return { gain, connect: (to) => to, disconnect() {} };
  }

  createBuffer(channels, length) {
    const data = new Float32Array(length);
    return { length, copyToChannel: (samples) => data.set(samples), data };
  }

  createBufferSource() {
    const entry = { stopped: null };
    return {
      set buffer(buffer) { entry.length = buffer.length; },
      connect: (to) => to,
      start: (at, offset) => this.played.push(Object.assign(entry, { at: Math.round(at * 48000), offset: Math.round(offset * 48000) })),
      stop: (at) => (entry.stopped = at),
    };
  }
}

function speaker() {
  const context = new FakeContext();
  return { context, made: new Speaker(context, 16000) };
}

/** 100 ms of the session's samples. */
const PIECE = new Int16Array(1600);

test('nothing is heard before somebody says when', () => {
  const { context, made } = speaker();
  made.append(PIECE, 0);
  assert.equal(context.played.length, 0);
  made.start(500_000, 1);
  assert.equal(context.played.length, 0, 'the clock runs, but nobody has claimed the samples');
  made.claim(0, 600_000);
  assert.equal(context.played[0].at, 52_800);
});

test('pieces join without a gap, before and after the clock has started', () => {
  const { context, made } = speaker();
  made.append(PIECE, 0);
  made.append(PIECE, 1600);
  made.claim(0, 0);
  made.start(0, 0.25);
  made.append(PIECE, 3200);
  made.endStream();
  let next = 0.25 * 48000;
  for (const { at, offset, length } of context.played) {
    assert.equal(at, next);
    assert.equal(offset, 0);
    next += length;
  }
  assert.equal(next, 0.25 * 48000 + 3 * 4800, 'all of it is played');
});

test('a later utterance is heard at its own media time', () => {
  const { context, made } = speaker();
  made.claim(0, 0);
  made.start(0, 1);
  made.append(PIECE, 0);
  made.endStream();
  made.append(PIECE, 1600);
  made.endStream();
  made.claim(1600, 700_000);
  assert.ok(context.played.some(({ at }) => at === 1.7 * 48000));
});

test('what is too late begins in its middle, so that the rest is in time', () => {
  const { context, made } = speaker();
  made.appendBuffer(context.createBuffer(1, 48000), 0);
  made.claim(0, 0);
  context.currentTime = 2;
  made.start(0, 1.75);
  assert.deepEqual(context.played.map(({ at, offset }) => [at, offset]), [[96000, 12000]]);
});

test('a clock that goes back plays again what was heard after that moment', () => {
  const { context, made } = speaker();
  made.appendBuffer(context.createBuffer(1, 96000), 0);
  made.claim(0, 0);
  made.start(0, 1);
  context.currentTime = 1.5;
  made.stop();
  assert.ok(context.played[0].stopped <= 1.51);
  made.start(400_000, 3);
  context.currentTime = 3;
  assert.equal(context.played[1].at - context.played[1].offset, (3 - 0.4) * 48000);
});

test('clear silences within 10 ms and forgets everything', () => {
  const { context, made } = speaker();
  made.appendBuffer(context.createBuffer(1, 96000), 0);
  made.claim(0, 0);
  made.start(0, 1);
  context.currentTime = 1.2;
  made.clear();
  assert.ok(context.played[0].stopped <= 1.21);
  made.start(0, 2);
  assert.equal(context.played.length, 1);
});
