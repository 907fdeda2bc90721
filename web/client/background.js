// The avatar's template video as frames by number: fetched once, decoded on demand, kept within a budget.
import { readMp4 } from './mp4.js';

const BUDGET_BYTES = 192 << 20;
const AHEAD_FRAMES = 48;    // decoded beyond what is shown ...
const REFILL_FRAMES = 24;   // ... as soon as fewer than these are

/** Which frame comes how many after `index`, in a template of `count` frames that plays back and forth or round. */
export function stepTemplate(index, direction, count, loop = 'pingpong') {
  if (count < 2) return { index: 0, direction: 1 };
  if (loop !== 'pingpong') return { index: (index + 1) % count, direction: 1 };
  const turned = index + direction < 0 || index + direction >= count ? -direction : direction;
  return { index: index + turned, direction: turned };
}

/** Frame `index` of the template is get(index) once it is decoded; want() says which will be needed soon. */
export class Background {
  /** @param {{background_url: string, width: number, height: number, fps: number, frames: number, loop?: string}} avatar */
  constructor(avatar, baseUrl, onError = () => {}) {
    this.avatar = avatar;
    this.url = new URL(avatar.background_url, baseUrl);
    this.onError = onError;
    this.cache = new Map();   // index -> ImageBitmap, least recently used first
    const fit = Math.floor(BUDGET_BYTES / (4 * avatar.width * avatar.height));
    this.capacity = Math.max(2 * AHEAD_FRAMES, fit);
    this.ahead = fit >= avatar.frames ? avatar.frames : AHEAD_FRAMES;
    this.wanted = [];         // frames to decode next, in the order they will be shown
    this.working = null;
    this.source = null;
    this.failed = false;
    this.closed = false;
  }

  /** @returns {ImageBitmap|null} valid until other frames push it out; draw it at once. */
  get(index) {
    const image = this.cache.get(index);
    if (!image) return null;
    this.cache.delete(index);
    this.cache.set(index, image);
    return image;
  }

  has(index) {
    return this.cache.has(index);
  }

  /** Frame `index` will be shown soon, and then the ones after it in `direction` (1 or -1). */
  want(index, direction = 1) {
    if (this.failed || this.closed) return;
    const { frames, loop } = this.avatar;
    const coming = [];
    let missing = -1;
    for (let i = 0, at = { index, direction }; i < this.ahead; ++i) {
      coming.push(at.index);
      if (missing < 0 && !this.cache.has(at.index)) missing = i;
      at = stepTemplate(at.index, at.direction, frames, loop);
    }
    if (missing < 0 || (missing >= REFILL_FRAMES && this.cache.size > 0)) return;
    this.wanted = [...new Set(coming)].filter((i) => !this.cache.has(i));
    this.working ??= this.work().finally(() => (this.working = null));
  }

  close() {
    this.closed = true;
    this.source?.close();
    for (const image of this.cache.values()) image.close();
    this.cache.clear();
  }

  async work() {
    try {
      this.source ??= await openSource(this.url, this.avatar);
      while (this.wanted.length > 0 && !this.closed) {
        const batch = this.wanted.splice(0, AHEAD_FRAMES);
        await this.source.decode(new Set(batch), (index, image) => this.keep(index, image));
      }
    } catch (error) {
      if (this.closed) return;
      this.failed = true;
      this.onError(new Error(`The avatar's background video could not be read: ${error.message}`));
    }
  }

  keep(index, image) {
    if (this.closed || this.cache.has(index)) return image.close();
    this.cache.set(index, image);
    for (const [oldest, old] of this.cache) {
      if (this.cache.size <= this.capacity) break;
      this.cache.delete(oldest);
      old.close();
    }
  }
}

async function openSource(url, avatar) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} answered ${response.status}`);
  const file = await response.arrayBuffer();
  if (typeof VideoDecoder !== 'undefined') {
    try {
      const source = new DecoderSource(file);
      if ((await VideoDecoder.isConfigSupported(source.config)).supported) return source;
    } catch {
      // Not H.264, or a layout readMp4 does not know: the video element may still play it.
    }
  }
  return SeekingSource.open(new Blob([file], { type: 'video/mp4' }), avatar.fps);
}

/** Exact: pictures are decoded from the key frame before them. Needs WebCodecs, so a secure context. */
class DecoderSource {
  constructor(file) {
    this.file = file;
    this.track = readMp4(file);
    this.config = {
      codec: this.track.codec,
      description: this.track.description,
      // Software decoders give the same pixels everywhere and don't mind pictures being kept.
      hardwareAcceleration: 'prefer-software',
      // For videos that don't say: what the server assumes of them, and what JPEG patches are in.
      colorSpace: { matrix: 'smpte170m', primaries: 'smpte170m', transfer: 'smpte170m', fullRange: false },
    };
  }

  /** Decodes the pictures of `indexes`, and passes each to `keep(index, ImageBitmap)`. */
  async decode(indexes, keep) {
    const { samples } = this.track;
    let first = samples.length;
    let last = -1;
    samples.forEach((sample, i) => {
      if (!indexes.has(sample.index)) return;
      first = Math.min(first, i);
      last = i;
    });
    if (last < 0) throw new Error(`it has ${samples.length} pictures, not number ${[...indexes][0]}`);
    while (first > 0 && !samples[first].key) --first;
    const copies = [];
    let failure = null;
    const decoder = new VideoDecoder({
      output: (frame) => {
        const index = frame.timestamp;
        if (!indexes.has(index)) return frame.close();
        copies.push(createImageBitmap(frame).then((image) => keep(index, image)).finally(() => frame.close()));
      },
      error: (error) => (failure = error),
    });
    try {
      decoder.configure(this.config);
      for (let i = first; i <= last && !failure; ++i) {
        const { offset, size, key, index } = samples[i];
        const data = new Uint8Array(this.file, offset, size);
        decoder.decode(new EncodedVideoChunk({ type: key ? 'key' : 'delta', timestamp: index, data }));
      }
      if (!failure) await decoder.flush();
      await Promise.all(copies);
      if (failure) throw failure;
    } finally {
      if (decoder.state !== 'closed') decoder.close();
    }
  }

  close() {}
}

/** Works in every browser and context: a video element is put into the middle of each frame's time. */
class SeekingSource {
  static async open(blob, fps) {
    const video = document.createElement('video');
    video.muted = true;
    video.preload = 'auto';
    const ready = new Promise((resolve, reject) => {
      video.addEventListener('loadeddata', resolve, { once: true });
      video.addEventListener('error', () => reject(new Error(video.error?.message || 'the browser cannot play it')), { once: true });
    });
    video.src = URL.createObjectURL(blob);
    await ready;
    return new SeekingSource(video, fps);
  }

  constructor(video, fps) {
    this.video = video;
    this.fps = fps;
  }

  async decode(indexes, keep) {
    for (const index of indexes) {
      const seeked = new Promise((resolve) => this.video.addEventListener('seeked', resolve, { once: true }));
      this.video.currentTime = (index + 0.5) / this.fps;
      await seeked;
      keep(index, await createImageBitmap(this.video));
    }
  }

  close() {
    URL.revokeObjectURL(this.video.src);
    this.video.removeAttribute('src');
  }
}
