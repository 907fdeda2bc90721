// Turns video messages into frames that can be drawn: JPEG and WebP through createImageBitmap, H.264 through WebCodecs.
import { Codec, Flag, Kind } from './media_message.js';

const MOST_FAILURES = 5;  // of the H.264 decoder, before the user is told
const IMAGE_TYPES = { [Codec.JPEG]: 'image/jpeg', [Codec.WEBP]: 'image/webp' };

/**
 * A picture of the server's and where it belongs. It is ready once it is decoded and, a patch, its background is here. A
 * patch without width has no picture: the background is all there is to see.
 */
export class Frame {
  constructor(message, background) {
    Object.assign(this, message, { payload: null });
    this.isPatch = message.kind === Kind.PATCH;
    this.isBare = this.isPatch && message.width === 0;
    this.background = background;
    this.image = null;   // ImageBitmap or VideoFrame
    this.closed = false;
  }

  isReady() {
    return (this.image !== null || this.isBare) && (!this.isPatch || this.background.has(this.templateIndex));
  }

  setImage(image) {
    if (this.closed) image.close();
    else this.image = image;
  }

  close() {
    this.closed = true;
    this.image?.close();
    this.image = null;
  }
}

/** Frames come out of `emit` in any order; those of broken pictures don't, and are counted. */
export class PictureDecoder {
  /**
   * @param {{codec?: string, background: import('./background.js').Background, emit: (frame: Frame) => void,
   *   wantKeyframe: () => void, onError: (error: Error) => void}} options `codec` of H.264, e.g. avc1.42E01F
   */
  constructor(options) {
    Object.assign(this, options);
    this.broken = 0;
    this.failures = 0;
    this.decoder = null;
    this.decoding = new Map();  // pts -> message, in the H.264 decoder
    this.awaitsKey = true;
  }

  push(message) {
    if (message.codec === Codec.H264) this.pushH264(message);
    else if (IMAGE_TYPES[message.codec]) this.pushImage(message);
    else this.broken += 1;
  }

  close() {
    if (this.decoder && this.decoder.state !== 'closed') this.decoder.close();
    this.decoder = null;
    this.decoding.clear();
    this.awaitsKey = true;
  }

  pushImage(message) {
    const frame = new Frame(message, this.background);
    const blob = new Blob([message.payload], { type: IMAGE_TYPES[message.codec] });
    this.emit(frame);  // in order of arrival, whatever decoding takes
    if (frame.isBare) return;
    createImageBitmap(blob).then((image) => frame.setImage(image), () => (this.broken += 1));
  }

  pushH264(message) {
    const isKey = (message.flags & Flag.KEY) !== 0;
    if (message.flags & Flag.DROPPED && !isKey) this.awaitsKey = true;
    if (this.awaitsKey && !isKey) {
      this.broken += 1;
      this.wantKeyframe();
      return;
    }
    this.awaitsKey = false;
    this.decoder ??= this.openDecoder();
    this.decoding.set(message.ptsUs, message);
    const data = message.payload;
    this.decoder.decode(new EncodedVideoChunk({ type: isKey ? 'key' : 'delta', timestamp: message.ptsUs, data }));
  }

  openDecoder() {
    if (typeof VideoDecoder === 'undefined') {
      throw new Error('This browser decodes H.264 only on secure pages (https or localhost); choose the mode patch.');
    }
    const decoder = new VideoDecoder({
      output: (picture) => this.decoded(picture),
      error: (error) => {
        this.broken += this.decoding.size;
        this.close();
        this.failures += 1;
        if (this.failures === MOST_FAILURES) {
          this.onError(new Error(`The browser cannot decode this H.264 video (${error.message}); choose the mode patch.`));
        } else {
          this.wantKeyframe();
        }
      },
    });
    decoder.configure({ codec: this.codec ?? 'avc1.42E01F', optimizeForLatency: true });
    return decoder;
  }

  decoded(picture) {
    const message = this.decoding.get(picture.timestamp);
    this.decoding.delete(picture.timestamp);
    if (!message) return picture.close();
    const frame = new Frame(message, this.background);
    frame.setImage(picture);
    this.emit(frame);
  }
}
