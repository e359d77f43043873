/** Brings an image to the numbers the network takes: checked, placed, resampled, scaled. */

import sharp from 'sharp';
import type { GrayImage } from '../shared/gray-image.ts';
import { UnreadableImage } from './finding.ts';
import type { ModelInput } from './model-description.ts';
import { type Placement, place } from './placement.ts';

// Below this a lung is a few dozen pixels wide: enlarging it would invent what the network then reads.
const SMALLEST_SIDE = 128;
// 100 megapixels: five times the largest detector sold, and still only 200 MB of 16-bit samples.
const MOST_PIXELS = 100_000_000;
// Chest films are at most 35 x 43 cm (1.23); beyond this it is a strip, a scout or a stitched image.
const MOST_ELONGATED = 2;
// An image whose samples nearly all agree shows nothing, and dividing by its spread would enlarge noise.
const LEAST_CONTRAST = 0.01;

export interface Prepared {
  readonly tensor: Float32Array;
  readonly placement: Placement;
}

export async function prepareTensor(image: GrayImage, input: ModelInput): Promise<Prepared> {
  refuseImpossible(image);
  const placement = place(image, input, input.fit);
  const samples = await resample(image, placement, input);
  refuseFlat(samples);
  return { tensor: arrange(letterbox(samples, placement, input), input), placement };
}

function refuseImpossible({ width, height, data }: GrayImage): void {
  const size = `${width} x ${height}`;
  if (
    !Number.isInteger(width) ||
    !Number.isInteger(height) ||
    width < 1 ||
    height < 1 ||
    data.length !== width * height
  ) {
    throw new UnreadableImage('wrong-length', `An image of ${size} cannot have ${data.length} samples.`);
  }
  if (data.length > MOST_PIXELS) throw new UnreadableImage('too-large', `An image of ${size} is too large to be read.`);
  if (Math.min(width, height) < SMALLEST_SIDE) {
    throw new UnreadableImage(
      'too-small',
      `An image of ${size} is too small: at least ${SMALLEST_SIDE} on both sides.`,
    );
  }
  if (Math.max(width / height, height / width) > MOST_ELONGATED) {
    throw new UnreadableImage('too-elongated', `An image of ${size} does not have the shape of a chest film.`);
  }
}

/** The seen part at its size in the input, black = 0, white = 1. */
async function resample(image: GrayImage, { source, target }: Placement, input: ModelInput): Promise<Float32Array> {
  const raw = { width: image.width, height: image.height, channels: 1 as const };
  const { data } = await sharp(image.data, { raw, limitInputPixels: MOST_PIXELS })
    .extract({ left: source.x, top: source.y, width: source.width, height: source.height })
    .resize(target.width, target.height, { fit: 'fill', kernel: input.kernel, fastShrinkOnLoad: false })
    .toColourspace(image.bits === 16 ? 'grey16' : 'b-w')
    .raw({ depth: image.bits === 16 ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const samples = image.bits === 16 ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  const white = 2 ** image.bits - 1;
  return Float32Array.from(samples, (sample) => sample / white);
}

function refuseFlat(samples: Float32Array): void {
  let sum = 0;
  let squares = 0;
  for (const sample of samples) {
    sum += sample;
    squares += sample * sample;
  }
  const mean = sum / samples.length;
  const spread = Math.sqrt(Math.max(0, squares / samples.length - mean * mean));
  if (spread < LEAST_CONTRAST)
    throw new UnreadableImage('no-contrast', 'The image is blank: all of it has the same grey.');
}

/** Black where the image does not reach. */
function letterbox(samples: Float32Array, { target }: Placement, { width, height }: ModelInput): Float32Array {
  if (target.width === width && target.height === height) return samples;
  const whole = new Float32Array(width * height);
  for (let row = 0; row < target.height; row++) {
    const line = samples.subarray(row * target.width, (row + 1) * target.width);
    whole.set(line, (target.y + row) * width + target.x);
  }
  return whole;
}

function arrange(samples: Float32Array, { channels, layout, mean, std }: ModelInput): Float32Array {
  const tensor = new Float32Array(samples.length * channels);
  const step = layout === 'NCHW' ? 1 : channels;
  for (let channel = 0; channel < channels; channel++) {
    const start = layout === 'NCHW' ? channel * samples.length : channel;
    const shift = mean[channel] ?? 0;
    const scale = std[channel] ?? 1;
    for (let i = 0; i < samples.length; i++) tensor[start + i * step] = ((samples[i] ?? 0) - shift) / scale;
  }
  return tensor;
}
