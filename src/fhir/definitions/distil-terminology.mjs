/**
 * R4's own code systems, value sets and concept maps without their prose, one a line, with an index by which one of them can
 * be read without the others.
 */

/** What is kept of each type beside the common members; anything else is prose, publishing data or narrative. */
const members = {
  CodeSystem: [
    'caseSensitive',
    'valueSet',
    'hierarchyMeaning',
    'compositional',
    'versionNeeded',
    'content',
    'supplements',
    'filter',
    'property',
    'concept',
  ],
  ValueSet: ['immutable', 'compose'],
  ConceptMap: ['sourceUri', 'sourceCanonical', 'targetUri', 'targetCanonical', 'group'],
};

const common = [
  'resourceType',
  'id',
  'language',
  'url',
  'version',
  'name',
  'title',
  'status',
  'experimental',
  'date',
  'publisher',
];

/** Extensions of R4's concepts are about how the specification is published. */
function withoutExtensions(value) {
  if (Array.isArray(value)) return value.map(withoutExtensions);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'extension' && !key.startsWith('_'))
      .map(([key, inner]) => [key, withoutExtensions(inner)]),
  );
}

function distil(resource) {
  const kept = [...common, ...members[resource.resourceType]];
  return withoutExtensions(
    Object.fromEntries(kept.flatMap((key) => (resource[key] === undefined ? [] : [[key, resource[key]]]))),
  );
}

/** What has to be known of each before it is read. */
function header(resource) {
  const { resourceType: type, url, version, status, content, supplements, valueSet, group } = resource;
  return {
    type,
    url,
    ...(version ? { version } : {}),
    ...(status ? { status } : {}),
    ...(content ? { content } : {}),
    ...(supplements ? { supplements } : {}),
    ...(valueSet ? { valueSet } : {}),
    ...(type === 'ConceptMap'
      ? {
          source: resource.sourceCanonical ?? resource.sourceUri,
          target: resource.targetCanonical ?? resource.targetUri,
          groups: (group ?? []).map(({ source, target }) => ({ source, target })),
        }
      : {}),
  };
}

/** {lines, index}: the text of all of them, and for each its header with offset and length in bytes. */
export function distilTerminology(resources) {
  const lines = [];
  const index = [];
  let offset = 0;
  for (const resource of resources.filter(({ resourceType, url }) => members[resourceType] && url)) {
    const line = `${JSON.stringify(distil(resource))}\n`;
    const length = Buffer.byteLength(line);
    index.push({ ...header(resource), offset, length });
    offset += length;
    lines.push(line);
  }
  return { text: lines.join(''), index };
}
