/**
 * A StructureDefinition's snapshot as flat element lists: one for the type itself and one for each of its backbones.
 * https://hl7.org/fhir/R4/elementdefinition.html
 */

const fhirTypeExtension = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type';
const structureBase = 'http://hl7.org/fhir/StructureDefinition/';
const backbones = new Set(['BackboneElement', 'Element']);

/** Constraints that the JSON structure itself carries, or that are mere good practice (dom-6). */
const structural = new Set(['ele-1', 'dom-6']);

/** R4 types Resource.id as a string in its snapshots; the datatype meant is id. */
function typeCode(type, path) {
  const actual = type.extension?.find((extension) => extension.url === fhirTypeExtension);
  if (!actual) return type.code;
  return /^[A-Z][A-Za-z]+\.id$/.test(path) && actual.valueUrl === 'string' ? 'id?' : actual.valueUrl;
}

function distilBinding({ strength, valueSet }) {
  return { strength, ...(valueSet ? { valueSet: valueSet.split('|')[0] } : {}) };
}

/** Constraints whose expression is not what R4 says in words of them: "more than one" is written as more than two. */
const corrected = { 'que-12': 'enableWhen.count() > 1 implies enableBehavior.exists()' };

function distilConstraints(element, url) {
  return (element.constraint ?? [])
    .filter(({ key, source }) => !structural.has(key) && (source ?? url) === url)
    .map(({ key, severity, human, expression }) => ({
      key,
      severity,
      human,
      expression: corrected[key] ?? expression,
    }));
}

/** [type code, reference targets] of an element; a backbone's type is named by its path. */
function distilElementTypes(element, path, isParent) {
  if (element.contentReference)
    return [{ code: element.contentReference.slice(element.contentReference.indexOf('#') + 1) }];
  return (element.type ?? []).map((type) => {
    const code = typeCode(type, element.path);
    const profile = type.profile?.[0];
    const targets = type.targetProfile
      ?.filter((target) => target !== `${structureBase}Resource`)
      .map((target) => target.slice(structureBase.length));
    return {
      code: isParent && backbones.has(code) ? path : code,
      ...(profile ? { profile: profile.slice(structureBase.length) } : {}),
      ...(targets?.length && targets.length === type.targetProfile.length ? { targets } : {}),
    };
  });
}

function distilElement(element, path, isParent, definition) {
  const last = path.slice(path.lastIndexOf('.') + 1);
  // The snapshot repeats a datatype's own invariants on each of its uses within the datatype (ext-1).
  const inherited = new Set((definition.snapshot.element[0].constraint ?? []).map(({ key }) => key));
  const constraints = distilConstraints(element, definition.url).filter(({ key }) => !inherited.has(key));
  return {
    name: last.replace('[x]', ''),
    ...(last.endsWith('[x]') ? { choice: true } : {}),
    min: element.min,
    max: element.max === '*' ? null : Number(element.max),
    types: distilElementTypes(element, path, isParent).map((type) =>
      type.code === 'id?' ? { code: definition.kind === 'resource' ? 'id' : 'string' } : type,
    ),
    ...(element.binding ? { binding: distilBinding(element.binding) } : {}),
    ...(element.isSummary ? { summary: true } : {}),
    ...(element.isModifier ? { modifier: true } : {}),
    ...(element.representation ? { xml: element.representation[0] } : {}),
    ...(constraints.length ? { constraints } : {}),
  };
}

/** Pairs of [type name, {kind, base, abstract, elements, constraints}]; `constraints` are those of the type's own root. */
export function distilType(definition) {
  const [root, ...elements] = definition.snapshot.element;
  const name = definition.derivation === 'constraint' ? definition.name : definition.type;
  const rename = (path) => (path.startsWith(`${root.path}.`) ? name + path.slice(root.path.length) : path);
  const parents = new Set(elements.map(({ path }) => rename(path).slice(0, rename(path).lastIndexOf('.'))));
  const constraints = distilConstraints(root, definition.url);
  const types = new Map([
    [
      name,
      {
        kind: definition.kind.replace('-type', ''),
        base: definition.baseDefinition?.slice(structureBase.length),
        ...(definition.abstract ? { abstract: true } : {}),
        elements: [],
        ...(constraints.length ? { constraints } : {}),
      },
    ],
  ]);
  for (const element of elements) {
    const path = rename(element.path);
    if (parents.has(path)) types.set(path, { kind: 'backbone', base: element.type[0].code, elements: [] });
    if (element.max === '0') continue;
    types
      .get(path.slice(0, path.lastIndexOf('.')))
      .elements.push(distilElement(element, path, parents.has(path), definition));
  }
  return types;
}
