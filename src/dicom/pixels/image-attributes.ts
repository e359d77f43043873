/**
 * The Image Pixel module, checked: what the pixel data claims to be.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.7.6.3.html
 */
import type { Keyword } from '../attribute.ts';
import type { DataSet } from '../data-set.ts';
import { DicomError } from '../dicom-error.ts';
import { number, readText } from '../values.ts';

export interface ImageAttributes {
  readonly rows: number;
  readonly columns: number;
  readonly samples: 1 | 3;
  readonly photometric: string;
  /** Colour planes one after the other instead of pixel by pixel. */
  readonly planar: boolean;
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  readonly frames: number;
}

// 8192 x 8192: the largest flat panels have some 20 million; a codec needs up to 8 bytes for each.
const maxPixels = 64 * 1024 * 1024;

const grayscale = new Set(['MONOCHROME1', 'MONOCHROME2']);
const color = new Set(['RGB', 'YBR_FULL', 'YBR_FULL_422', 'YBR_ICT', 'YBR_RCT']);

/**
 * Throws DicomError `invalid-dimensions`, `too-large`, `unsupported-pixel-format` or `invalid-attribute`, before any
 * memory is taken for pixels.
 */
export function imageAttributes(dataSet: DataSet): ImageAttributes {
  const integer = (keyword: Keyword, usual: number) => number(dataSet, keyword) ?? usual;
  const [rows, columns] = [integer('Rows', 0), integer('Columns', 0)];
  checkDimensions(rows, columns);
  const samples = integer('SamplesPerPixel', 1);
  const photometric = readText(dataSet, 'PhotometricInterpretation').values[0] || 'MONOCHROME2';
  const isKnown = samples === 1 ? grayscale.has(photometric) : samples === 3 && color.has(photometric);
  if (!isKnown) throw unsupported(`${photometric} with ${samples} samples per pixel`);
  const bitsAllocated = integer('BitsAllocated', 0);
  if (bitsAllocated !== 8 && bitsAllocated !== 16) throw unsupported(`${bitsAllocated} bits allocated`);
  const bitsStored = integer('BitsStored', bitsAllocated);
  const highBit = integer('HighBit', bitsStored - 1);
  if (bitsStored < 1 || bitsStored > bitsAllocated || highBit < bitsStored - 1 || highBit >= bitsAllocated) {
    const claim = `Bits Stored ${bitsStored} and High Bit ${highBit} do not fit ${bitsAllocated} allocated bits.`;
    throw new DicomError('invalid-attribute', claim);
  }
  return {
    ...{ rows, columns, samples: samples as 1 | 3, photometric, bitsAllocated, bitsStored, highBit },
    planar: integer('PlanarConfiguration', 0) === 1,
    signed: integer('PixelRepresentation', 0) === 1,
    frames: Math.max(1, integer('NumberOfFrames', 1)),
  };
}

/** Throws DicomError when an image of this size is none, or one that we do not decode. */
function checkDimensions(rows: number, columns: number): void {
  if (rows < 1 || columns < 1) throw new DicomError('invalid-dimensions', `The image has ${columns} x ${rows} pixels.`);
  if (rows * columns > maxPixels) {
    throw new DicomError('too-large', `The image has ${columns} x ${rows} pixels; ${maxPixels} are decoded at most.`);
  }
}

function unsupported(what: string): DicomError {
  return new DicomError('unsupported-pixel-format', `Pixels of ${what} are not decoded.`);
}
