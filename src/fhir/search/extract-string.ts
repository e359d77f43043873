/**
 * Texts, names and addresses as string rows.
 * https://hl7.org/fhir/R4/search.html#string
 */
import { type Converters, type Json, list, plain, type Sink, text } from './extract-sink.ts';
import { phoneticKeys } from './phonetic.ts';

function string(sink: Sink, ...values: readonly unknown[]): void {
  for (const value of values) {
    const known = text(value);
    if (known !== undefined) sink.rows.push({ kind: 'string', param: sink.param, value: known });
  }
}

/** `Diallo-Traoré`, `d'Artagnan` and `Jean Pierre` are found by each of their parts, too. */
function parts(sink: Sink, ...values: readonly unknown[]): void {
  for (const value of values) {
    const [, ...later] = (text(value) ?? '')
      .split(/[\s\-\u2010-\u2015'\u2018\u2019\u02bc]+/)
      .filter((part) => part !== '');
    for (const part of later) sink.rows.push({ kind: 'string', param: sink.param, value: part, part: true });
  }
}

/** Every part, and the whole as people write it, so that `name=Anna Mar` finds Anna Marie. */
function humanName(value: Json, sink: Sink): void {
  const given = list(value['given']);
  const { text: whole, family, prefix, suffix } = value;
  string(sink, family, ...given, ...list(prefix), ...list(suffix));
  parts(sink, family, ...given);
  const spoken = [...given, family].filter((part) => text(part) !== undefined);
  if (text(whole) !== undefined) string(sink, whole);
  else if (spoken.length > 1) string(sink, spoken.join(' '));
}

function address(value: Json, sink: Sink): void {
  const { text: whole, line, city, district, state, postalCode, country } = value;
  string(sink, ...list(line), city, district, state, postalCode, country, whole);
}

const plainText = plain((value, sink) => string(sink, value));

export const strings: Converters = {
  HumanName: plain(humanName),
  Address: plain(address),
  markdown: plainText,
  code: plainText,
  id: plainText,
  uri: plainText,
  string: (element) => {
    const isName = element?.name === 'family' || element?.name === 'given';
    return (value, sink) => {
      string(sink, value);
      if (isName) parts(sink, value);
    };
  },
};

function sounds(sink: Sink, values: readonly unknown[]): void {
  for (const key of values.flatMap((value) => phoneticKeys(text(value) ?? ''))) {
    sink.rows.push({ kind: 'string', param: sink.param, value: key });
  }
}

/** The parameters `phonetic`: how each word of a name sounds. */
export const phonetics: Converters = {
  HumanName: plain(({ text: whole, family, given }: Json, sink) => sounds(sink, [family, ...list(given), whole])),
  string: plain((value, sink) => sounds(sink, [value])),
};
