// Draws on the canvas: whole frames, patches over their background, the idle template; and hides jumps between them.
import { stepTemplate } from './background.js';

const FADE_MS = 120;  // three frames: a mouth eases to rest in as many

export class Stage {
  /** @param {HTMLCanvasElement} canvas set to the avatar's size by open() */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d', { alpha: false });
    this.template = { index: 0, direction: 1 };
    this.fade = null;  // {from: canvas, startMs}
  }

  /** @param {{width: number, height: number, frames: number, loop?: string}} avatar */
  open(avatar, background) {
    this.avatar = avatar;
    this.background = background;
    this.canvas.width = avatar.width;
    this.canvas.height = avatar.height;
    this.template = { index: 0, direction: 1 };
    this.fade = null;
  }

  /** @param {import('./picture.js').Frame} frame ready; still the caller's to close */
  draw(frame, nowMs) {
    const direction = Math.sign(frame.templateIndex - this.template.index) || this.template.direction;
    this.template = { index: frame.templateIndex, direction };
    if (frame.isPatch) {
      this.context.drawImage(this.background.get(frame.templateIndex), 0, 0);
      if (frame.image) this.context.drawImage(frame.image, frame.x, frame.y, frame.width, frame.height);
      this.background.want(frame.templateIndex, direction);
    } else {
      this.context.drawImage(frame.image, 0, 0, this.canvas.width, this.canvas.height);
    }
    this.drawFade(nowMs);
  }

  /** One step of the template without anybody speaking. */
  drawIdle(nowMs, step = 1) {
    const { frames, loop } = this.avatar;
    let next = this.template;
    for (let i = 0; i < step; ++i) next = stepTemplate(next.index, next.direction, frames, loop);
    this.background.want(next.index, next.direction);
    const image = this.background.get(next.index);
    if (!image) return false;
    this.template = next;
    this.context.drawImage(image, 0, 0);
    this.drawFade(nowMs);
    return true;
  }

  /** What is drawn from now on emerges from what is there. */
  fadeFromHere(nowMs) {
    const from = new OffscreenCanvas(this.canvas.width, this.canvas.height);
    from.getContext('2d', { alpha: false }).drawImage(this.canvas, 0, 0);
    this.fade = { from, startMs: nowMs };
  }

  drawFade(nowMs) {
    if (!this.fade) return;
    const left = 1 - (nowMs - this.fade.startMs) / FADE_MS;
    if (left <= 0) {
      this.fade = null;
      return;
    }
    this.context.globalAlpha = left;
    this.context.drawImage(this.fade.from, 0, 0);
    this.context.globalAlpha = 1;
  }
}
