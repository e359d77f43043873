/**
 * The official examples of R4 (npm hl7.fhir.r4.examples 4.0.1): all are valid but for those that are listed here with
 * what is wrong with them, and all can be indexed. https://hl7.org/fhir/R4/examples.html
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { extract } from '../../src/fhir/search/extract.ts';
import { createValidator } from '../../src/fhir/validation/validator.ts';

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve('hl7.fhir.r4.examples/package.json'));
const files = readdirSync(folder).filter((name) => name.endsWith('.json') && !/^(\.|package)/.test(name));

const noBase = 'required SearchParameter.base';
const noBaseDefinition = 'invariant StructureDefinition';
const wrongFullUrl = 'invalid Bundle.entry.fullUrl';
const emptyNarrative = (type: string) => `value ${type}.text.div`;

/** Examples that break a rule of R4, with the code and element. */
const wrong: Readonly<Record<string, string>> = {
  // The narrative is an empty <div>: txt-2 wants something to read.
  'ActivityDefinition-blood-tubes-supply': emptyNarrative('ActivityDefinition'),
  'ActivityDefinition-heart-valve-replacement': emptyNarrative('ActivityDefinition'),
  'EventDefinition-example': emptyNarrative('EventDefinition'),
  'Questionnaire-zika-virus-exposure-assessment': emptyNarrative('Questionnaire'),
  // The same fullUrl twice, without different versions: bdl-7.
  'Bundle-dataelements': 'invariant Bundle',
  // A fullUrl that disagrees with the id of its resource.
  'Bundle-10bb101f-a121-4264-a920-67be9cb82c74': wrongFullUrl,
  'Bundle-3a0707d3-549e-4467-b8b8-5a2ab3800efe': wrongFullUrl,
  'Bundle-lri-example': wrongFullUrl,
  // An extension with a part that its definition does not have (uri instead of url).
  'Bundle-hla-1': 'extension Bundle.entry.resource.extension.extension',
  // Codes that are a no-break space, or end in one.
  'Bundle-v2-valuesets': 'value Bundle.entry.resource.concept.code',
  'CodeSystem-v2-0550': 'value CodeSystem.concept.code',
  // References to types that the element does not allow.
  'DeviceMetric-example': 'value DeviceMetric.parent.reference',
  'DeviceUseStatement-example': 'value DeviceUseStatement.reasonReference.reference',
  'MedicationRequest-medrx0301': 'value MedicationRequest.dispenseRequest.performer.reference',
  'Observation-clinical-gender': 'value Observation.performer.reference',
  // Elements with a minimum of 1 that are not there.
  'ImplementationGuide-fhir': 'required ImplementationGuide.name',
  'ig-r4': 'required ImplementationGuide.name',
  'Questionnaire-qs1': 'required Questionnaire.item.item.linkId',
  'SearchParameter-codesystem-extensions-CodeSystem-author': noBase,
  'SearchParameter-codesystem-extensions-CodeSystem-effective': noBase,
  'SearchParameter-codesystem-extensions-CodeSystem-end': noBase,
  'SearchParameter-codesystem-extensions-CodeSystem-keyword': noBase,
  'SearchParameter-codesystem-extensions-CodeSystem-workflow': noBase,
  'SearchParameter-valueset-extensions-ValueSet-author': noBase,
  'SearchParameter-valueset-extensions-ValueSet-effective': noBase,
  'SearchParameter-valueset-extensions-ValueSet-end': noBase,
  'SearchParameter-valueset-extensions-ValueSet-keyword': noBase,
  'SearchParameter-valueset-extensions-ValueSet-workflow': noBase,
  // 67 characters.
  'SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject': 'value SearchParameter.id',
  // Logical models of patterns, concrete but without baseDefinition: sdf-4.
  'StructureDefinition-Definition': noBaseDefinition,
  'StructureDefinition-Event': noBaseDefinition,
  'StructureDefinition-FiveWs': noBaseDefinition,
  'StructureDefinition-Request': noBaseDefinition,
};

describe('the official R4 examples', () => {
  it('are all there', () => expect(files).toHaveLength(5306));

  // 190 MB of JSON: 10 s on a quiet core, more beside other tests.
  it('are valid, save those that are wrong, and can be indexed', { timeout: 300_000 }, () => {
    const validate = createValidator({ profilesFolder: 'fhir-profiles' });
    const found: Record<string, string> = {};
    let unindexed = 0;
    for (const file of files) {
      const resource: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      const [error] = validate(resource).filter(({ severity }) => severity === 'error' || severity === 'fatal');
      if (error) found[file.replace('.json', '')] = `${error.code} ${error.expression?.[0]?.replace(/\[\d+\]/g, '')}`;
      if (extract(resource).length === 0) unindexed++;
    }
    expect(found).toEqual(wrong);
    // Parameters and Binary have no parameters of their own, nor have a few Bundles of search results a value.
    expect(unindexed).toBeLessThan(100);
  });
});
