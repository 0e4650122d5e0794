(function () {
  var here = document.currentScript;
  var query = new URLSearchParams();
  new URLSearchParams(location.search).forEach(function (value, name) {
    if (name.indexOf("utm_") === 0) query.set(name, value);
  });
  query.set("referrer_url", location.href.slice(0, 1000));
  var frame = document.createElement("iframe");
  frame.src = {{ address | tojson }} + "?" + query.toString();
  frame.title = {{ title | tojson }};
  frame.width = "100%";
  frame.height = here.getAttribute("data-height") || "820";
  frame.setAttribute("loading", "lazy");
  frame.style.border = "0";
  here.parentNode.insertBefore(frame, here.nextSibling);
})();
