/**
 * The number of this release's way of making index rows. A release that makes other rows of the same resource takes the next
 * number: at its first start everything is indexed again in the background.
 */
export const extractorVersion = 2;
