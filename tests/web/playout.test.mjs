// Which frame is shown when, on a clock that the test turns.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stepTemplate } from '../../web/client/background.js';
import { Flag, Kind } from '../../web/client/media_message.js';
import { Frame } from '../../web/client/picture.js';
import { Playout } from '../../web/client/playout.js';

/** Frame number n is due at n * 40 ms of media time. */
class NumberedFrame {
  constructor(number, flags = 0) {
    Object.assign(this, { number, flags, ptsUs: number * 40_000, ready: true, closed: false });
  }
  isReady() { return this.ready; }
  close() { this.closed = true; }
}

function playout(...numbers) {
  const log = [];
  const made = new Playout((ptsUs, atS) => log.push(['start', ptsUs, Number(atS.toFixed(6))]), () => log.push(['halt']));
  for (const number of numbers) made.push(new NumberedFrame(number));
  return { made, log };
}

/** Numbers of the frames shown at these times, in seconds; null where nothing new was. */
const shown = (made, ...times) => times.map((time) => made.pick(time)?.number ?? null);

test('the first frame starts the clock, a cushion later', () => {
  const { made, log } = playout(10, 11, 12);
  assert.deepEqual(shown(made, 5), [null]);
  assert.deepEqual(log, [['start', 400_000, 5.08]]);
  assert.deepEqual(shown(made, 5.079, 5.08, 5.1, 5.121, 5.161), [null, 10, null, 11, 12]);
});

test('shows the newest frame that is due and counts those it skipped', () => {
  const { made } = playout(0, 1, 2, 3, 4);
  assert.deepEqual(shown(made, 0, 0.081, 0.205, 0.241), [null, 0, 3, 4]);
  assert.equal(made.skipped, 2);
});

test('a frame that is not decoded yet gives way to an older one that is', () => {
  const { made } = playout(0, 1);
  const slow = new NumberedFrame(2);
  slow.ready = false;
  made.push(slow);
  assert.deepEqual(shown(made, 0, 0.09, 0.165), [null, 0, 1]);
  slow.ready = true;
  assert.deepEqual(shown(made, 0.18), [2]);
});

test('frames may come in any order; one older than what is shown is dropped', () => {
  const { made } = playout(0, 2, 1);
  assert.deepEqual(shown(made, 0, 0.08, 0.121, 0.165), [null, 0, 1, 2]);
  const old = new NumberedFrame(1);
  made.push(old);
  assert.equal(old.closed, true);
  assert.deepEqual(shown(made, 0.2), [null]);
});

test('what begins later than the clock has come leaves the clock alone', () => {
  const { made, log } = playout(0, 1, 2, 3);
  shown(made, 0, 0.08);
  made.begin(480_000, 0.1);
  assert.deepEqual(log.map(([what]) => what), ['start']);
});

test('what begins before the clock turns it back, so that no sound is lost', () => {
  const { made, log } = playout(0, 1, 2, 3);
  shown(made, 0, 0.08, 0.2);
  made.begin(120_000, 0.2);
  assert.deepEqual(log.map(([what]) => what), ['start', 'halt']);
  assert.equal(made.positionUs(0.5), 120_000);
  for (const number of [4, 5, 6]) made.push(new NumberedFrame(number));
  shown(made, 1);
  assert.deepEqual(log.at(-1), ['start', 120_000, 1.08]);
});

test('frames that don\'t come stop the sound; both go on when enough is here', () => {
  const { made, log } = playout(0, 1);
  made.begin(0, 0);
  shown(made, 0, 0.08, 0.12, 0.3);
  assert.equal(made.stalls, 0);
  shown(made, 0.38);
  assert.equal(made.stalls, 1);
  assert.deepEqual(log.at(-1), ['halt']);
  const at = made.positionUs(9);
  made.push(new NumberedFrame(9));
  shown(made, 0.5);
  assert.equal(made.running, false, 'one frame is not enough');
  for (let number = 10; number < 16; ++number) made.push(new NumberedFrame(number));
  shown(made, 0.6);
  assert.deepEqual(log.at(-1), ['start', at, 0.68]);
});

test('between utterances nobody waits for frames', () => {
  const { made } = playout(0, 1);
  made.begin(0, 0);
  shown(made, 0, 0.08, 0.12);
  made.end();
  assert.deepEqual(shown(made, 5, 10), [null, null]);
  assert.equal(made.stalls, 0);
});

test('after a discontinuity the clock begins anew with that frame, once the ones before it were shown', () => {
  const { made, log } = playout(0, 1);
  made.push(new NumberedFrame(500, Flag.DISCONTINUITY));
  made.push(new NumberedFrame(501));
  assert.deepEqual(shown(made, 0, 0.08, 0.12), [null, 0, 1]);
  assert.deepEqual(shown(made, 0.16, 0.241, 0.281), [null, 500, 501]);
  assert.deepEqual(log.at(-1), ['start', 20_000_000, 0.24]);
});

test('a patch without a face is ready as soon as its background is', () => {
  const here = new Set();
  const frame = new Frame({ kind: Kind.PATCH, width: 0, height: 0, templateIndex: 7 }, here);
  assert.equal(frame.isReady(), false);
  here.add(7);
  assert.equal(frame.isReady(), true);
  assert.equal(new Frame({ kind: Kind.PATCH, width: 40, height: 40, templateIndex: 7 }, here).isReady(), false);
});

test('what is discarded is closed and never shown', () => {
  const { made } = playout(0, 1, 2, 3);
  const doomed = made.frames[2];
  shown(made, 0, 0.08);
  made.discard((frame) => frame.number === 2);
  assert.equal(doomed.closed, true);
  assert.deepEqual(shown(made, 0.121, 0.165, 0.201), [1, null, 3]);
});

test('a template plays back and forth without showing its ends twice', () => {
  const order = [0];
  for (let at = { index: 0, direction: 1 }; order.length < 8; ) {
    at = stepTemplate(at.index, at.direction, 4);
    order.push(at.index);
  }
  assert.deepEqual(order, [0, 1, 2, 3, 2, 1, 0, 1]);
  assert.deepEqual(stepTemplate(0, 1, 1), { index: 0, direction: 1 });
  assert.equal(stepTemplate(3, 1, 4, 'forward').index, 0);
});
