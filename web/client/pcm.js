// Samples: float <-> 16 bit, resampling in a stream, and the last seconds that were sent.

/** @param {Float32Array} samples in [-1, 1]; louder is clipped. @returns {Int16Array} */
export function floatToInt16(samples) {
  const out = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; ++i) {
    out[i] = Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768)));
  }
  return out;
}

/** @param {Int16Array} samples @returns {Float32Array} in [-1, 1) */
export function int16ToFloat(samples) {
  const out = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; ++i) out[i] = samples[i] / 32768;
  return out;
}

/** Arithmetic mean of the channels of an AudioBuffer. @param {AudioBuffer} buffer @returns {Float32Array} */
export function mixToMono(buffer) {
  const out = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; ++channel) {
    const data = buffer.getChannelData(channel);
    for (let i = 0; i < out.length; ++i) out[i] += data[i] / buffer.numberOfChannels;
  }
  return out;
}

const HALF_TAPS = 16;

/**
 * Changes the rate of a mono stream by a windowed sinc whose pass band ends below both Nyquist rates. Any chunking
 * gives the same samples. The output is as long as the input lasts and not shifted against it; the last HALF_TAPS input
 * samples' worth comes with flush().
 */
export class Resampler {
  /** @param {number} from Hz @param {number} to Hz */
  constructor(from, to) {
    this.step = from / to;
    this.cutoff = Math.min(1, to / from) * 0.94;
    this.half = Math.ceil(HALF_TAPS / this.cutoff);
    this.kept = new Float32Array(this.half);  // what came before the first sample: silence
    this.keptStart = -this.half;              // input index of kept[0]
    this.made = 0;                            // output samples so far
    this.ended = Infinity;                    // input samples in all, once known
  }

  /** @param {Float32Array} input @returns {Float32Array} what can be made so far */
  push(input) {
    if (this.step === 1) return input;
    const all = new Float32Array(this.kept.length + input.length);
    all.set(this.kept);
    all.set(input, this.kept.length);
    const end = this.keptStart + all.length;
    const last = Math.min(end - this.half, this.ended);  // a position p needs input up to p + half
    const count = Math.max(0, Math.ceil(last / this.step) - this.made);
    const out = new Float32Array(count);
    for (let i = 0; i < count; ++i) out[i] = this.at((this.made + i) * this.step - this.keptStart, all);
    this.made += count;
    const drop = Math.max(0, Math.floor(this.made * this.step) - this.half - this.keptStart);
    this.kept = all.slice(drop);
    this.keptStart += Math.min(drop, all.length);
    return out;
  }

  /** The rest of the stream, as if silence followed. @returns {Float32Array} */
  flush() {
    if (this.step === 1) return new Float32Array(0);
    this.ended = this.keptStart + this.kept.length;
    return this.push(new Float32Array(this.half));
  }

  at(position, samples) {
    const first = Math.max(0, Math.ceil(position - this.half));
    const last = Math.min(samples.length - 1, Math.floor(position + this.half));
    let sum = 0;
    for (let k = first; k <= last; ++k) {
      const distance = k - position;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / this.half);
      const angle = Math.PI * distance * this.cutoff;
      sum += samples[k] * window * this.cutoff * (angle === 0 ? 1 : Math.sin(angle) / angle);
    }
    return sum;
  }
}

/** The newest samples of a stream, by sample index: what may have to be sent again after a reconnect. */
export class PcmRing {
  /** @param {number} capacity samples kept */
  constructor(capacity) {
    this.data = new Int16Array(capacity);
    this.end = 0;  // samples appended so far
  }

  /** Index of the oldest sample that is still here. */
  get start() {
    return Math.max(0, this.end - this.data.length);
  }

  /** @param {Int16Array} samples */
  append(samples) {
    const skipped = Math.max(0, samples.length - this.data.length);
    for (let i = skipped; i < samples.length; ++i) this.data[(this.end + i) % this.data.length] = samples[i];
    this.end += samples.length;
  }

  /**
   * Samples [from, to). @param {number} from @param {number} [to] @returns {Int16Array}
   * @throws {RangeError} when they are not (or no longer) here
   */
  slice(from, to = this.end) {
    if (from < this.start || to > this.end || from > to) {
      throw new RangeError(`samples ${from}..${to} are not among the kept ${this.start}..${this.end}`);
    }
    const out = new Int16Array(to - from);
    for (let i = 0; i < out.length; ++i) out[i] = this.data[(from + i) % this.data.length];
    return out;
  }
}
