/** Measures of a picture, in the pixels of the server's layout (reports/layout.py: columns of 260, rows of 64). */
export const NODE_WIDTH = 200;
export const NODE_HEIGHT = 46;
/** Nodes up to which each is an element of its own; more are drawn on a canvas. */
export const ELEMENTS = 1000;
