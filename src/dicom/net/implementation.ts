/**
 * Who we say we are in every association and file.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part07/sect_D.3.3.2.html
 */

/** Made once from a random UUID (PS3.5 B.2). */
export const implementationUid = '2.25.40406116966951563146300437511539809791';
export const implementationVersion = 'LIVEDOC';
