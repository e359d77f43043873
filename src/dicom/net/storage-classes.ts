/**
 * The SOP classes that we accept, and their transfer syntaxes in order of preference.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_B.5.html
 *
 * A class that is not here is refused per presentation context (3, abstract syntax not supported) before a byte is sent: an
 * acceptance would promise the sender a reading that never comes. The rest of its association goes on.
 */

export const verification = '1.2.840.10008.1.1';

const storage = '1.2.840.10008.5.1.4.1.1';

/** Projection radiographs, and captures of them (film digitisers, phones); the quality gate judges what they show. */
export const storageClasses: readonly string[] = [
  `${storage}.1`, // Computed Radiography Image Storage
  `${storage}.1.1`, // Digital X-Ray Image Storage - For Presentation
  `${storage}.1.1.1`, // Digital X-Ray Image Storage - For Processing
  `${storage}.7`, // Secondary Capture Image Storage
  `${storage}.7.1`, // Multi-frame Single Bit Secondary Capture Image Storage
  `${storage}.7.2`, // Multi-frame Grayscale Byte Secondary Capture Image Storage
  `${storage}.7.3`, // Multi-frame Grayscale Word Secondary Capture Image Storage
  `${storage}.7.4`, // Multi-frame True Color Secondary Capture Image Storage
];

/** Uncompressed first (nothing is lost and nothing to decode), then lossless, then lossy; stored as received. */
export const transferSyntaxes: readonly string[] = [
  '1.2.840.10008.1.2.1', // Explicit VR Little Endian
  '1.2.840.10008.1.2', // Implicit VR Little Endian
  '1.2.840.10008.1.2.4.70', // JPEG Lossless SV1
  '1.2.840.10008.1.2.4.57', // JPEG Lossless
  '1.2.840.10008.1.2.4.80', // JPEG-LS Lossless
  '1.2.840.10008.1.2.4.90', // JPEG 2000 Lossless
  '1.2.840.10008.1.2.5', // RLE Lossless
  '1.2.840.10008.1.2.2', // Explicit VR Big Endian
  '1.2.840.10008.1.2.1.99', // Deflated Explicit VR Little Endian
  '1.2.840.10008.1.2.4.50', // JPEG Baseline
  '1.2.840.10008.1.2.4.51', // JPEG Extended
  '1.2.840.10008.1.2.4.81', // JPEG-LS Near-lossless
  '1.2.840.10008.1.2.4.91', // JPEG 2000
];
