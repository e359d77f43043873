/**
 * The look of this server's own pages, for applications that are shown inside or beside them.
 * http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#styling-experimental
 */
import { createHash } from 'node:crypto';

export const smartStyle = {
  color_background: '#f4f6f8',
  color_error: '#9b1c1c',
  color_highlight: '#0b5c8a',
  color_modal_backdrop: '#16232e',
  color_success: '#1c6b3c',
  color_text: '#16232e',
  dim_border_radius: '5px',
  dim_font_size: '16px',
  dim_spacing_size: '16px',
  font_family_body: 'system-ui, sans-serif',
  font_family_heading: 'system-ui, sans-serif',
} as const;

const version = createHash('sha256').update(JSON.stringify(smartStyle)).digest('hex').slice(0, 12);

/** Path of the style: another one when the style is, because applications keep what is there. */
export const smartStylePath = `/smart/style-${version}.json`;
