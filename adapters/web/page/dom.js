// Elements without markup: all text goes in as text. And a way to show something anew that keeps the nodes that are
// there, so that the focus, a selection and an open list outlive an update each second.

const SVG = "http://www.w3.org/2000/svg";

function make(node, attributes, children) {
  node.handlers = {};
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) listen(node, name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false)
      node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity))
    if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}

// el("a", {class: "x", href: "#/", onclick: f}, "text", other, null)
export const el = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);

export const svg = (tag, attributes, ...children) => make(document.createElementNS(SVG, tag), attributes, children);

// One listener a node and event: what it calls may change when the node is shown anew.
function listen(node, event, handler) {
  if (!(event in node.handlers)) node.addEventListener(event, (e) => node.handlers[event]?.(e));
  node.handlers[event] = handler;
}

function isAlike(old, fresh) {
  return (
    old.nodeType === fresh.nodeType &&
    old.nodeName === fresh.nodeName &&
    (old.nodeType !== Node.ELEMENT_NODE || old.getAttribute("data-key") === fresh.getAttribute("data-key"))
  );
}

function morphAttributes(old, fresh) {
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name) && !(name === "open" && old.localName === "details")) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  // Once somebody has typed into a field, its attribute is not what it shows.
  if (old.localName === "input" && old !== document.activeElement && old.value !== fresh.value) old.value = fresh.value;
  for (const event of Object.keys(old.handlers ?? {})) if (!(event in fresh.handlers)) delete old.handlers[event];
  for (const [event, handler] of Object.entries(fresh.handlers ?? {})) listen(old, event, handler);
}

// Makes `old` look like `fresh`; the reader opens and closes <details>, nobody else. Elements of different data-key
// are different things, and one with data-own fills itself: its handler `anew` is called.
export function morph(old, fresh) {
  if (!isAlike(old, fresh)) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  morphAttributes(old, fresh);
  if (fresh.hasAttribute("data-own")) old.handlers.anew?.({ currentTarget: old });
  else show(old, ...fresh.childNodes);
}

// The children of `parent` become these.
export function show(parent, ...children) {
  const fresh = children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(child)));
  const old = [...parent.childNodes];
  old.slice(fresh.length).forEach((node) => node.remove());
  fresh.forEach((node, i) => (i < old.length ? morph(old[i], node) : parent.append(node)));
}

// Said once to who does not see the page: for what changes by itself and matters.
export function announce(words) {
  const said = document.getElementById("said");
  if (said.textContent !== words) said.textContent = words;
}
