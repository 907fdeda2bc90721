// Plays the session's own samples on the AudioContext clock, gapless, from any media time.
import { Resampler, int16ToFloat } from './pcm.js';

const FADE_S = 0.008;  // a cut shorter than this clicks
/** Sound that was heard is kept this long, for a clock that goes back. */
const KEPT_BEHIND_S = 3;

/**
 * Sound is appended by sample index before anybody knows when it will be heard. claim() says which media time a sample
 * has, start() when that media time is heard. Positions are kept in samples of the context, so that pieces join without
 * a seam.
 */
export class Speaker {
  /** @param {AudioContext} context @param {number} rate of the session's samples, Hz */
  constructor(context, rate) {
    this.context = context;
    this.rate = rate;
    this.output = context.createGain();
    this.output.connect(context.destination);
    this.segments = [];   // {line, buffer}: `line` is the sample index in samples of the context
    this.claims = [];     // {line, ptsUs}, ascending: from `line` on, media time runs from `ptsUs`
    this.sounding = new Set();
    this.anchor = null;   // {ptsUs, frame}: media time and the context's sample that are heard together
    this.stream = null;   // {resampler, line}
  }

  /** Seconds from a sample's playing to its being heard. */
  get outputLatencyS() {
    return Math.min(0.5, this.context.outputLatency || this.context.baseLatency || 0);
  }

  /** The session's samples from index `at` on; pieces in order. @param {Int16Array} samples @param {number} at */
  append(samples, at) {
    this.stream ??= { resampler: new Resampler(this.rate, this.context.sampleRate), line: this.toLine(at) };
    this.add(this.stream.resampler.push(int16ToFloat(samples)));
  }

  /** What was appended ends here; what is appended next begins anew. */
  endStream() {
    if (this.stream) this.add(this.stream.resampler.flush());
    this.stream = null;
  }

  /**
   * Sound that plays instead of appended samples, in better quality than the session's rate allows.
   * @param {AudioBuffer} buffer @param {number} at index of the session's sample it starts with
   */
  appendBuffer(buffer, at) {
    this.insert({ line: this.toLine(at), buffer });
  }

  /** Sample `at` and what follows it are heard from media time `ptsUs` on. */
  claim(at, ptsUs) {
    const claim = { line: this.toLine(at), ptsUs };
    this.claims = this.claims.filter((other) => other.line < claim.line);
    this.claims.push(claim);
    if (!this.anchor) return;
    for (const segment of this.segments) if (segment.line >= claim.line) this.play(segment);
  }

  /** From now on media time `ptsUs` is heard at `atS` of the context. */
  start(ptsUs, atS) {
    this.stop();
    this.anchor = { ptsUs, frame: Math.round(atS * this.context.sampleRate) };
    const over = this.context.currentTime * this.context.sampleRate - KEPT_BEHIND_S * this.context.sampleRate;
    this.segments = this.segments.filter((segment) => {
      const at = this.frameOf(segment);
      return at === null || at + segment.buffer.length > over;
    });
    for (const segment of this.segments) this.play(segment);
  }

  /** Silence, within FADE_S. What has not been heard can still be started. */
  stop() {
    const now = this.context.currentTime;
    for (const { source, gain } of this.sounding) {
      gain.gain.setValueAtTime(1, now);
      gain.gain.linearRampToValueAtTime(0, now + FADE_S);
      source.stop(now + FADE_S);
    }
    this.sounding.clear();
    this.anchor = null;
  }

  /** Silence now, and nothing left to play. The clock's anchor stays. */
  clear() {
    const { anchor } = this;
    this.stop();
    this.anchor = anchor;
    this.segments = [];
    this.claims = [];
    this.stream = null;
  }

  toLine(sample) {
    return Math.round((sample / this.rate) * this.context.sampleRate);
  }

  add(samples) {
    if (samples.length === 0) return;
    const buffer = this.context.createBuffer(1, samples.length, this.context.sampleRate);
    buffer.copyToChannel(samples, 0);
    this.insert({ line: this.stream.line, buffer });
    this.stream.line += samples.length;
  }

  insert(segment) {
    this.segments.push(segment);
    if (this.anchor) this.play(segment);
  }

  /** The context's sample at which `segment` begins to be heard, or null while nobody has claimed it. */
  frameOf(segment) {
    const claim = this.claims.findLast((one) => one.line <= segment.line);
    if (!claim) return null;
    const start = Math.round(((claim.ptsUs - this.anchor.ptsUs) / 1e6) * this.context.sampleRate);
    return this.anchor.frame + start + segment.line - claim.line;
  }

  play(segment) {
    const at = this.frameOf(segment);
    if (at === null) return;
    const rate = this.context.sampleRate;
    const late = Math.max(0, Math.ceil(this.context.currentTime * rate) - at);  // samples whose moment is over
    if (late >= segment.buffer.length) return;
    const source = this.context.createBufferSource();
    const gain = this.context.createGain();
    source.buffer = segment.buffer;
    source.connect(gain).connect(this.output);
    source.start((at + late) / rate, late / rate);
    const entry = { source, gain };
    this.sounding.add(entry);
    source.onended = () => {
      this.sounding.delete(entry);
      gain.disconnect();
    };
  }
}
