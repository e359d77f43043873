/** Text as it is compared. https://hl7.org/fhir/R4/search.html#string */
import { describe, expect, it } from 'vitest';
import { fold } from '../../../src/store/search/fold.ts';

describe('folded text', () => {
  it.each([
    ['Éléonore  DUPRÉ', 'eleonore dupre'],
    ['  N\u2019Diaye ', 'ndiaye'],
    ["d'Artagnan", 'dartagnan'],
    ['L’Hôpital', 'lhopital'],
    ['Jean-Pierre', 'jean pierre'],
    ['Jean  Pierre', 'jean pierre'],
    ['St. Cœur, Æsa Weiß', 'st coeur aesa weiss'],
    ['Ŋɔnɛ Ɓah', 'ngone bah'],
    ['Ｆｕｌｌ', 'full'],
    ['%', '%'],
    ['Nguyễn', 'nguyen'],
    ['e\u0301', 'e'],
    ['Ångström', 'angstrom'],
    ['ПЁТР', 'петр'],
    ['田中', '田中'],
    ['plain text', 'plain text'],
    ['', ''],
  ])('of %j is %j', (text, folded) => expect(fold(text)).toBe(folded));

  it('stays as it is when it is folded again', () => {
    for (const text of ['İstanbul', 'ǅ', 'ﬁn', 'ÄÖÜß']) expect(fold(fold(text))).toBe(fold(text));
  });
});
