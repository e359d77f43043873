/** The one error of reading DICOM: bytes from outside that cannot be used, with a code that stays the same. */

/** Stable: `imaging` maps codes to DIMSE status, STOW failure reasons and reason codes of a rejected image. */
export type DicomErrorCode =
  /** No DICOM at all: another kind of file. */
  | 'not-dicom'
  /** The bytes end before what they announce. */
  | 'truncated'
  /** The structure contradicts itself or the standard beyond repair. */
  | 'malformed'
  /** A limit of ours (pixels, inflated size, elements) is passed; nothing was allocated for it. */
  | 'too-large'
  /** A required attribute is missing or its value is not what its VR allows. */
  | 'invalid-attribute'
  /** Specific Character Set names a set that we do not know. */
  | 'unknown-character-set'
  /** The bytes of a text are not text in the declared character set. */
  | 'wrong-character-set'
  | 'unsupported-transfer-syntax'
  /** No Pixel Data, or no such frame. */
  | 'no-pixel-data'
  /** Rows or columns are zero, missing, or not those of the compressed image. */
  | 'invalid-dimensions'
  /** Valid DICOM, but a kind of pixels that we do not decode. */
  | 'unsupported-pixel-format'
  /** The compressed image is damaged. */
  | 'corrupt-pixel-data';

export class DicomError extends Error {
  readonly code: DicomErrorCode;

  constructor(code: DicomErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DicomError';
    this.code = code;
  }
}
