// Which frame to show when: frames wait here for their moment on the audio clock. Knows no browser; times are given.
import { Flag } from './media_message.js';

/** A frame later than this stops the sound too; both go on once frames for REFILL_US are here. */
const STALL_US = 250_000;
const REFILL_US = 200_000;

/**
 * The clock is the audio's: media time `anchorUs` is heard at `anchorS` of the AudioContext, and from there both run
 * alike. Without an anchor the clock stands, and the next frame starts it. A frame is anything with `ptsUs`, `flags`,
 * `isReady()` and `close()`, and belongs to the playout from push() until it is picked or dropped.
 */
export class Playout {
  /** @param {(ptsUs: number, atS: number) => void} onStart media time `ptsUs` is heard at `atS`
   *  @param {() => void} onHalt the clock stands; so must the sound */
  constructor(onStart = () => {}, onHalt = () => {}) {
    this.onStart = onStart;
    this.onHalt = onHalt;
    this.cushionS = 0.08;  // the clock starts this long after its first frame is here; the next ones may be late by as much
    this.noticeS = 0.03;   // sound must be known this long before it is heard
    this.sparse = false;   // in silence no frames come
    this.skipped = 0;  // frames that came, but a newer one was due already
    this.stalls = 0;
    this.frames = [];
    this.reset();
  }

  get running() {
    return this.anchorS !== null;
  }

  /** Media time heard at `nowS`; while the clock stands, where it will go on; null when nobody knows. */
  positionUs(nowS) {
    return this.running ? this.anchorUs + Math.round((nowS - this.anchorS) * 1e6) : this.resumeUs;
  }

  /** Media time waiting ahead of `nowS`, in microseconds. */
  bufferedUs(nowS) {
    if (this.frames.length === 0) return 0;
    return Math.max(0, this.frames.at(-1).ptsUs - (this.positionUs(nowS) ?? this.frames[0].ptsUs));
  }

  /** A frame has come. One that is older than what is shown already is dropped at once. */
  push(frame) {
    if (frame.flags & Flag.DISCONTINUITY) {
      this.frames.push(frame);  // times before and after it cannot be compared
      return;
    }
    let at = this.frames.length;
    while (at > 0 && this.frames[at - 1].ptsUs > frame.ptsUs && !startsAnew(this.frames[at - 1])) --at;
    if (at === 0 && frame.ptsUs <= this.shownUs) {
      this.skip(frame);
    } else {
      this.frames.splice(at, 0, frame);
    }
  }

  /**
   * Something to hear begins at `ptsUs`, and frames are due from there on. If it is too late for that moment, the clock
   * goes back to it and waits for the first frame.
   */
  begin(ptsUs, nowS) {
    this.expecting = true;
    const position = this.positionUs(nowS);
    if (this.running && position + this.noticeS * 1e6 < ptsUs) return;
    this.halt(ptsUs);
  }

  /** Frames are no longer due until the next begin(). */
  end() {
    this.expecting = false;
  }

  /** The frame to show at `nowS`, or null to keep what is there. */
  pick(nowS) {
    const first = this.frames[0];
    if (this.running && first && startsAnew(first) && first !== this.startedWith) {
      this.shownUs = -Infinity;
      this.halt(first.ptsUs);
    }
    if (!this.running && !this.start(nowS)) return null;
    const position = this.positionUs(nowS);
    const due = this.lastDue(position);
    if (due < 0) {
      const late = position - Math.max(this.shownUs, this.anchorUs);
      if (this.expecting && !this.sparse && this.frames.length === 0 && late >= STALL_US) this.stall(position);
      return null;
    }
    for (const frame of this.frames.splice(0, due)) this.skip(frame);
    const frame = this.frames.shift();
    this.shownUs = frame.ptsUs;
    if (this.expecting && position - frame.ptsUs >= STALL_US) this.stall(position);
    return frame;
  }

  /** Drops the waiting frames that `isOver` says so of. */
  discard(isOver) {
    this.frames = this.frames.filter((frame) => {
      if (isOver(frame)) frame.close();
      return !isOver(frame);
    });
  }

  /** Forgets the clock and every waiting frame. */
  reset() {
    this.discard(() => true);
    this.anchorS = null;
    this.anchorUs = 0;
    this.resumeUs = null;
    this.refillUs = 0;      // media time that must be here before the clock starts
    this.expecting = false;
    this.shownUs = -Infinity;
    this.startedWith = null;
  }

  lastDue(position) {
    let due = -1;
    for (let i = 0; i < this.frames.length && this.frames[i].ptsUs <= position; ++i) {
      if (i > 0 && startsAnew(this.frames[i])) break;
      if (this.frames[i].isReady()) due = i;
    }
    return due;
  }

  start(nowS) {
    const from = this.resumeUs ?? this.frames[0]?.ptsUs;
    const ready = this.frames.find((frame) => frame.isReady() && frame.ptsUs >= from - STALL_US);
    if (!ready) return false;
    if (this.expecting && this.frames.at(-1).ptsUs - from < this.refillUs) return false;
    this.anchorUs = from;
    this.anchorS = nowS + this.cushionS;
    this.refillUs = 0;
    this.startedWith = this.frames[0];
    this.onStart(this.anchorUs, this.anchorS);
    return true;
  }

  halt(ptsUs) {
    const ran = this.running;
    this.anchorS = null;
    this.resumeUs = ptsUs;
    if (ran) this.onHalt();
  }

  stall(position) {
    this.stalls += 1;
    this.refillUs = REFILL_US;
    this.halt(position);
  }

  skip(frame) {
    this.skipped += 1;
    frame.close();
  }
}

function startsAnew(frame) {
  return (frame.flags & Flag.DISCONTINUITY) !== 0;
}
