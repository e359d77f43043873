/**
 * What the header of an image says, as plain values: the rest of `imaging` never sees a tag.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part03/chapter_A.html
 */
import type { Keyword } from '../dicom/attribute.ts';
import { type DataSet, itemsOf } from '../dicom/data-set.ts';
import { joinDateTime, parseAge, parseDate, parseDateTime, yearsBetween } from '../dicom/date-time.ts';
import { DicomError } from '../dicom/dicom-error.ts';
import type { DicomFile } from '../dicom/part10.ts';
import { type PersonName, parsePersonName } from '../dicom/person-name.ts';
import { isUid } from '../dicom/uid.ts';
import { number, readText, strings } from '../dicom/values.ts';

interface HeaderWarning {
  readonly attribute: Keyword;
  readonly message: string;
}

export interface PatientHeader {
  readonly id?: string;
  /** Issuer of Patient ID, or the universal entity ID of its qualifiers. */
  readonly issuer?: string;
  readonly name?: PersonName;
  /** FHIR date. */
  readonly birthDate?: string;
  readonly sex?: 'M' | 'F' | 'O';
  /** Completed years on the day of the study; of infants a fraction, when only Patient's Age tells. */
  readonly ageYears?: number;
}

export interface StudyHeader {
  readonly uid: string;
  readonly id?: string;
  readonly accessionNumber?: string;
  /** FHIR dateTime; only the date when the file has no time zone and none is assumed. */
  readonly started?: string;
  readonly description?: string;
}

export interface SeriesHeader {
  readonly uid: string;
  readonly number?: number;
  readonly modality?: string;
  readonly description?: string;
  readonly started?: string;
  readonly protocol?: string;
  readonly bodyPart?: string;
  /** Meanings of the coded anatomic region and of the coded view, in whatever language the device speaks. */
  readonly region?: string;
  readonly view?: string;
  readonly viewPosition?: string;
  readonly laterality?: string;
}

interface InstanceHeader {
  readonly uid: string;
  readonly sopClass: string;
  readonly transferSyntax: string;
  readonly number?: number;
  readonly acquired?: string;
  readonly imageType: readonly string[];
  readonly presentationIntent?: string;
  readonly conversionType?: string;
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly samples: number;
  readonly photometric?: string;
  readonly bitsStored: number;
  readonly manufacturer?: string;
  readonly model?: string;
  readonly station?: string;
  readonly institution?: string;
}

export interface ImageHeader {
  readonly patient: PatientHeader;
  readonly study: StudyHeader;
  readonly series: SeriesHeader;
  readonly instance: InstanceHeader;
  /** Values that are not what they must be, and were left out or repaired; none of them is required. */
  readonly warnings: readonly HeaderWarning[];
}

export interface HeaderOptions {
  /** Offset of local times in files without (0008,0201), as `+01:00`. */
  readonly assumedOffset?: string;
}

type Warn = (attribute: Keyword, message: string) => void;

/**
 * Reads the header of an image. What cannot be read and is not required is left out with a warning.
 * Throws DicomError `invalid-attribute` (a UID is missing or none, the patient ID is no ID), `wrong-character-set` or
 * `unknown-character-set` (the patient ID or its issuer is no text): such an image could be filed under somebody else.
 */
export function readImageHeader(file: DicomFile, options: HeaderOptions = {}): ImageHeader {
  const { dataSet } = file;
  const warnings: HeaderWarning[] = [];
  const warn: Warn = (attribute, message) => void warnings.push({ attribute, message });
  const text = (keyword: Keyword) => lenient(dataSet, keyword, warn);
  const study = readStudy(dataSet, options, text, warn);
  return {
    patient: readPatient(dataSet, text, warn),
    study,
    series: readSeries(dataSet, options, text, warn),
    instance: readInstance(file, options, text, warn),
    warnings,
  };
}

type ReadText = (keyword: Keyword) => string | undefined;

/** The first value; bytes that are no text in the declared character set become U+FFFD, with a warning. */
function lenient(dataSet: DataSet, keyword: Keyword, warn: Warn): string | undefined {
  const { values, valid } = readText(dataSet, keyword);
  if (!valid) warn(keyword, 'The text does not fit the declared character set.');
  return values[0]?.replace(/\p{Cc}/gu, ' ').trim() || undefined;
}

function requiredUid(dataSet: DataSet, keyword: Keyword, warn: Warn): string {
  const [uid] = readText(dataSet, keyword).values;
  if (!uid) throw new DicomError('invalid-attribute', `${keyword} is missing.`);
  if (uid.length > 64 || !/^\d+(\.\d+)*$/.test(uid)) {
    throw new DicomError('invalid-attribute', `${keyword} is no UID: ${JSON.stringify(uid.slice(0, 70))}.`);
  }
  // Many devices write .01.: wrong, but unique all the same.
  if (!isUid(uid)) warn(keyword, 'A component of the UID begins with a zero.');
  return uid;
}

/** An object without its undefined members, as exact optional properties want it. */
function present<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

/** An identifier: exact or not at all. */
function identifier(dataSet: DataSet, keyword: Keyword): string | undefined {
  const values = strings(dataSet, keyword);
  const id = values[0] || undefined;
  if (values.length > 1 || (id && /\p{Cc}/u.test(id))) {
    throw new DicomError('invalid-attribute', `${keyword} has several values or control characters.`);
  }
  return id;
}

function readPatient(dataSet: DataSet, text: ReadText, warn: Warn): PatientHeader {
  const [qualifiers] = itemsOf(dataSet, 'IssuerOfPatientIDQualifiersSequence', 1);
  const name = text('PatientName');
  const sex = text('PatientSex');
  const isSex = sex === 'M' || sex === 'F' || sex === 'O';
  if (sex && !isSex) warn('PatientSex', `Patient's Sex is ${sex} instead of M, F or O.`);
  const birthDate = date(text, 'PatientBirthDate', warn);
  return present<PatientHeader>({
    id: identifier(dataSet, 'PatientID'),
    issuer: identifier(dataSet, 'IssuerOfPatientID') ?? (qualifiers && identifier(qualifiers, 'UniversalEntityID')),
    name: name === undefined ? undefined : parsePersonName(name),
    birthDate,
    sex: isSex ? sex : undefined,
    ageYears: age(text, birthDate, warn),
  });
}

function date(text: ReadText, keyword: Keyword, warn: Warn): string | undefined {
  const value = text(keyword);
  const parsed = value === undefined ? undefined : parseDate(value);
  if (value && !parsed) warn(keyword, `${value} is no date.`);
  return parsed;
}

/** From the birth date to the day of the image; where that does not tell, as the device has it. */
function age(text: ReadText, birthDate: string | undefined, warn: Warn): number | undefined {
  const days = ['StudyDate', 'AcquisitionDate', 'ContentDate', 'SeriesDate'] as const;
  const day = days.map((keyword) => parseDate(text(keyword) ?? '')).find((found) => found !== undefined);
  const years = birthDate && day ? yearsBetween(birthDate, day) : undefined;
  if (birthDate && day && years === undefined) warn('PatientBirthDate', 'The patient was born after the study.');
  // Oldest verified human: 122. Placeholders such as 18000101 are far beyond.
  if (years !== undefined && years <= 125) return years;
  return parseAge(text('PatientAge') ?? '');
}

interface When {
  readonly date: Keyword;
  readonly time: Keyword;
}

function moment(text: ReadText, { date: day, time }: When, options: HeaderOptions, warn: Warn): string | undefined {
  const [dayText, timeText] = [text(day), text(time)];
  const joined = joinDateTime(dayText, timeText, text('TimezoneOffsetFromUTC'), options.assumedOffset);
  if (dayText && !joined) warn(day, `${dayText} is no date.`);
  return joined;
}

function readStudy(dataSet: DataSet, options: HeaderOptions, text: ReadText, warn: Warn): StudyHeader {
  return present<StudyHeader>({
    uid: requiredUid(dataSet, 'StudyInstanceUID', warn),
    id: text('StudyID'),
    accessionNumber: text('AccessionNumber'),
    started: moment(text, { date: 'StudyDate', time: 'StudyTime' }, options, warn),
    description: text('StudyDescription'),
  });
}

function readSeries(dataSet: DataSet, options: HeaderOptions, text: ReadText, warn: Warn): SeriesHeader {
  const meaning = (keyword: Keyword) =>
    itemsOf(dataSet, keyword, 1).map((item) => readText(item, 'CodeMeaning').values[0])[0] || undefined;
  return present<SeriesHeader>({
    uid: requiredUid(dataSet, 'SeriesInstanceUID', warn),
    number: integer(dataSet, 'SeriesNumber', warn),
    modality: text('Modality'),
    description: text('SeriesDescription'),
    started: moment(text, { date: 'SeriesDate', time: 'SeriesTime' }, options, warn),
    protocol: text('ProtocolName'),
    bodyPart: text('BodyPartExamined'),
    region: meaning('AnatomicRegionSequence'),
    view: meaning('ViewCodeSequence'),
    viewPosition: text('ViewPosition'),
    laterality: text('ImageLaterality') ?? text('Laterality'),
  });
}

/** FHIR wants whole numbers of 31 bits without sign; IS allows more. */
function integer(dataSet: DataSet, keyword: Keyword, warn: Warn): number | undefined {
  const value = number(dataSet, keyword);
  const isUsable = value !== undefined && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
  if (value !== undefined && !isUsable) warn(keyword, `${value} is not used as a number.`);
  return isUsable ? value : undefined;
}

function readInstance(file: DicomFile, options: HeaderOptions, text: ReadText, warn: Warn): InstanceHeader {
  const { dataSet, transferSyntax } = file;
  const acquired = parseDateTime(text('AcquisitionDateTime') ?? '', options.assumedOffset);
  const count = (keyword: Keyword, usual: number) => number(dataSet, keyword) ?? usual;
  return present<InstanceHeader>({
    uid: requiredUid(dataSet, 'SOPInstanceUID', warn),
    sopClass: requiredUid(dataSet, 'SOPClassUID', warn),
    transferSyntax: transferSyntax.uid,
    number: integer(dataSet, 'InstanceNumber', warn),
    acquired: acquired ?? moment(text, { date: 'AcquisitionDate', time: 'AcquisitionTime' }, options, warn),
    imageType: readText(dataSet, 'ImageType').values,
    presentationIntent: text('PresentationIntentType'),
    conversionType: text('ConversionType'),
    rows: count('Rows', 0),
    columns: count('Columns', 0),
    frames: Math.max(1, count('NumberOfFrames', 1)),
    samples: count('SamplesPerPixel', 1),
    photometric: text('PhotometricInterpretation'),
    bitsStored: count('BitsStored', count('BitsAllocated', 0)),
    manufacturer: text('Manufacturer'),
    model: text('ManufacturerModelName'),
    station: text('StationName'),
    institution: text('InstitutionName'),
  });
}
