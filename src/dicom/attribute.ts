/**
 * The attributes that we read or write by keyword: tag and value representation.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part06/chapter_6.html
 */

export const attributes = {
  FileMetaInformationGroupLength: [0x00020000, 'UL'],
  FileMetaInformationVersion: [0x00020001, 'OB'],
  MediaStorageSOPClassUID: [0x00020002, 'UI'],
  MediaStorageSOPInstanceUID: [0x00020003, 'UI'],
  TransferSyntaxUID: [0x00020010, 'UI'],
  ImplementationClassUID: [0x00020012, 'UI'],
  ImplementationVersionName: [0x00020013, 'SH'],
  SourceApplicationEntityTitle: [0x00020016, 'AE'],
  SpecificCharacterSet: [0x00080005, 'CS'],
  ImageType: [0x00080008, 'CS'],
  InstanceCreationDate: [0x00080012, 'DA'],
  InstanceCreationTime: [0x00080013, 'TM'],
  SOPClassUID: [0x00080016, 'UI'],
  SOPInstanceUID: [0x00080018, 'UI'],
  StudyDate: [0x00080020, 'DA'],
  SeriesDate: [0x00080021, 'DA'],
  AcquisitionDate: [0x00080022, 'DA'],
  ContentDate: [0x00080023, 'DA'],
  AcquisitionDateTime: [0x0008002a, 'DT'],
  StudyTime: [0x00080030, 'TM'],
  SeriesTime: [0x00080031, 'TM'],
  AcquisitionTime: [0x00080032, 'TM'],
  ContentTime: [0x00080033, 'TM'],
  AccessionNumber: [0x00080050, 'SH'],
  Modality: [0x00080060, 'CS'],
  ConversionType: [0x00080064, 'CS'],
  PresentationIntentType: [0x00080068, 'CS'],
  Manufacturer: [0x00080070, 'LO'],
  InstitutionName: [0x00080080, 'LO'],
  ReferringPhysicianName: [0x00080090, 'PN'],
  CodeValue: [0x00080100, 'SH'],
  CodingSchemeDesignator: [0x00080102, 'SH'],
  CodeMeaning: [0x00080104, 'LO'],
  TimezoneOffsetFromUTC: [0x00080201, 'SH'],
  StationName: [0x00081010, 'SH'],
  StudyDescription: [0x00081030, 'LO'],
  SeriesDescription: [0x0008103e, 'LO'],
  ManufacturerModelName: [0x00081090, 'LO'],
  DerivationDescription: [0x00082111, 'ST'],
  AnatomicRegionSequence: [0x00082218, 'SQ'],
  PatientName: [0x00100010, 'PN'],
  PatientID: [0x00100020, 'LO'],
  IssuerOfPatientID: [0x00100021, 'LO'],
  IssuerOfPatientIDQualifiersSequence: [0x00100024, 'SQ'],
  PatientBirthDate: [0x00100030, 'DA'],
  PatientSex: [0x00100040, 'CS'],
  PatientAge: [0x00101010, 'AS'],
  UniversalEntityID: [0x00400032, 'UT'],
  UniversalEntityIDType: [0x00400033, 'CS'],
  BodyPartExamined: [0x00180015, 'CS'],
  SecondaryCaptureDeviceManufacturer: [0x00181016, 'LO'],
  SoftwareVersions: [0x00181020, 'LO'],
  ProtocolName: [0x00181030, 'LO'],
  ImagerPixelSpacing: [0x00181164, 'DS'],
  PatientOrientation: [0x00200020, 'CS'],
  ViewPosition: [0x00185101, 'CS'],
  StudyInstanceUID: [0x0020000d, 'UI'],
  SeriesInstanceUID: [0x0020000e, 'UI'],
  StudyID: [0x00200010, 'SH'],
  SeriesNumber: [0x00200011, 'IS'],
  InstanceNumber: [0x00200013, 'IS'],
  Laterality: [0x00200060, 'CS'],
  ImageLaterality: [0x00200062, 'CS'],
  ImageComments: [0x00204000, 'LT'],
  SamplesPerPixel: [0x00280002, 'US'],
  PhotometricInterpretation: [0x00280004, 'CS'],
  PlanarConfiguration: [0x00280006, 'US'],
  NumberOfFrames: [0x00280008, 'IS'],
  Rows: [0x00280010, 'US'],
  Columns: [0x00280011, 'US'],
  PixelSpacing: [0x00280030, 'DS'],
  BitsAllocated: [0x00280100, 'US'],
  BitsStored: [0x00280101, 'US'],
  HighBit: [0x00280102, 'US'],
  PixelRepresentation: [0x00280103, 'US'],
  PixelPaddingValue: [0x00280120, 'xs'],
  PixelPaddingRangeLimit: [0x00280121, 'xs'],
  BurnedInAnnotation: [0x00280301, 'CS'],
  WindowCenter: [0x00281050, 'DS'],
  WindowWidth: [0x00281051, 'DS'],
  RescaleIntercept: [0x00281052, 'DS'],
  RescaleSlope: [0x00281053, 'DS'],
  RescaleType: [0x00281054, 'LO'],
  WindowCenterWidthExplanation: [0x00281055, 'LO'],
  VOILUTFunction: [0x00281056, 'CS'],
  ModalityLUTSequence: [0x00283000, 'SQ'],
  LUTDescriptor: [0x00283002, 'xs'],
  LUTExplanation: [0x00283003, 'LO'],
  ModalityLUTType: [0x00283004, 'LO'],
  LUTData: [0x00283006, 'xs'],
  VOILUTSequence: [0x00283010, 'SQ'],
  LossyImageCompression: [0x00282110, 'CS'],
  PresentationLUTShape: [0x20500020, 'CS'],
  ViewCodeSequence: [0x00540220, 'SQ'],
  PixelData: [0x7fe00010, 'OW'],
} as const satisfies Record<string, readonly [number, string]>;

/** `xs` is US or SS, as Pixel Representation says (PS3.6 writes "US or SS"). */
export type Keyword = keyof typeof attributes;

const keywords = new Map<number, Keyword>(
  Object.entries(attributes).map(([keyword, [tag]]) => [tag, keyword as Keyword]),
);

/** The value representation of a tag in our dictionary: what implicit VR leaves out. */
export function vrOf(tag: number): string | undefined {
  const keyword = keywords.get(tag);
  return keyword && attributes[keyword][1];
}

/** `(0010,0020)`, with the keyword when we know it: for messages. */
export function nameOf(tag: number): string {
  const hex = tag.toString(16).padStart(8, '0').toUpperCase();
  const keyword = keywords.get(tag);
  return `${keyword ? `${keyword} ` : ''}(${hex.slice(0, 4)},${hex.slice(4)})`;
}
