// What a person wants to know of a running session, from what was counted in the last seconds.

const WINDOW_MS = 3000;

/** Percentile `share` of `values`, or null when there are none. */
export function percentile(values, share) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export class Statistics {
  constructor() {
    this.shown = [];       // {atMs, offsetMs, serverMs, speaking}
    this.lost = 0;         // gaps in the server's numbering
    this.stale = 0;        // frames of an utterance that was over already
    this.lastSeq = null;
    this.firstFrameMs = null;
    this.utteranceStartMs = null;
  }

  /** Something to say was sent at `nowMs`; the next frame tells how long that took. */
  beganSpeaking(nowMs) {
    this.utteranceStartMs = nowMs;
    this.firstFrameMs = null;
  }

  received(message, nowMs) {
    if (this.lastSeq !== null) {
      const gap = (message.seq - this.lastSeq - 1) >>> 0;
      if (gap < 1 << 16) this.lost += gap;
    }
    this.lastSeq = message.seq;
    if (this.utteranceStartMs !== null && message.utterance > 0) {
      this.firstFrameMs = nowMs - this.utteranceStartMs;
      this.utteranceStartMs = null;
    }
  }

  /** What is missing in the numbering from here to the next message was not lost. */
  renumbered() {
    this.lastSeq = null;
  }

  /** A frame was drawn. `offsetMs`: its time less the time heard when it becomes visible; negative when it is late. */
  drew(frame, offsetMs, nowMs) {
    this.shown.push({ atMs: nowMs, offsetMs, serverMs: frame.serverLatencyUs / 1000, speaking: frame.utterance > 0 });
  }

  /** @param {{skipped: number, broken: number}} counts of the playout and the decoder */
  snapshot(nowMs, { skipped, broken }) {
    while (this.shown.length > 0 && this.shown[0].atMs < nowMs - WINDOW_MS) this.shown.shift();
    const spanMs = this.shown.length > 1 ? this.shown.at(-1).atMs - this.shown[0].atMs : 0;
    const speaking = this.shown.filter((one) => one.speaking);
    return {
      fps: spanMs > 200 && nowMs - this.shown.at(-1).atMs < 500 ? ((this.shown.length - 1) * 1000) / spanMs : 0,
      dropped: this.lost + skipped + broken,
      lost: this.lost,
      skipped,
      broken,
      stale: this.stale,
      avOffsetMs: percentile(speaking.map((one) => one.offsetMs), 0.5),
      serverMs: percentile(speaking.map((one) => one.serverMs), 0.5),
      firstFrameMs: this.firstFrameMs,
    };
  }
}
