// Compares what the canvas shows with the template, sought in a video element: not the way the client decodes it.

/**
 * To be evaluated in the page while something is said in mode patch: four frames as the canvas has them. `outside`:
 * beyond the patch, where nothing may differ; `rim`: the patch's outermost 3 pixels, where it should meet the template.
 * @returns {Promise<{frames: number, outside: {mean: number, most: number}, rim: {mean: number, most: number}}>} levels
 *   of 0..255
 */
export async function templateDifference() {
  const { lips } = probe;
  const canvas = lips.options.canvas;
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  const taken = new Map();
  await new Promise((resolve) => {
    const stop = lips.on('frame', (frame) => {
      if (taken.size >= 4 || frame.utterance === 0) return;
      copy.drawImage(canvas, 0, 0);
      taken.set(frame.templateIndex, { frame, data: copy.getImageData(0, 0, width, height).data });
      if (taken.size === 4) resolve(stop());
    });
    setTimeout(resolve, 5000);
  });
  const { avatar } = lips.session.created;
  const video = document.createElement('video');
  video.muted = true;
  video.src = URL.createObjectURL(await (await fetch(avatar.background_url)).blob());  // can be sought whatever the server
  await new Promise((resolve) => (video.onloadeddata = resolve));
  const sums = { outside: { sum: 0, count: 0, most: 0 }, rim: { sum: 0, count: 0, most: 0 } };
  for (const [index, { frame, data }] of taken) {
    const seeked = new Promise((resolve) => (video.onseeked = resolve));
    video.currentTime = (index + 0.5) / avatar.fps;
    await seeked;
    copy.drawImage(video, 0, 0);
    const wanted = copy.getImageData(0, 0, width, height).data;
    for (let i = 0; i < data.length; i += 4) {
      const x = (i >> 2) % width;
      const y = Math.floor((i >> 2) / width);
      const inside = Math.min(x - frame.x, frame.x + frame.width - 1 - x, y - frame.y, frame.y + frame.height - 1 - y);
      if (inside >= 3) continue;
      const part = inside < 0 ? sums.outside : sums.rim;
      for (let c = 0; c < 3; ++c) {
        const off = Math.abs(data[i + c] - wanted[i + c]);
        part.sum += off;
        part.count += 1;
        part.most = Math.max(part.most, off);
      }
    }
  }
  const result = ({ sum, count, most }) => ({ mean: sum / count, most });
  return { frames: taken.size, outside: result(sums.outside), rim: result(sums.rim) };
}
