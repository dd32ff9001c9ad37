/* Shows the interactive map in place of the picture; if anything fails, the picture comes back. */
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("live");
  function back() { root.classList.remove("live"); }
  window.addEventListener("error", back);
  document.addEventListener("securitypolicyviolation", back);
  window.addEventListener("load", function () { if (!document.querySelector(".leaflet-container")) { back(); } });
})();
