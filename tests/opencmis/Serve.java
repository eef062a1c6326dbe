import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import javax.servlet.DispatcherType;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.FilterConfig;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.chemistry.opencmis.server.impl.CmisRepositoryContextListener;
import org.apache.chemistry.opencmis.server.impl.browser.CmisBrowserBindingServlet;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.FilterHolder;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;

/** The OpenCMIS InMemory repository on loopback; prints its port, ends with its standard input.
 *  Arguments: the values of the Authorization header that it lets in. */
public class Serve {
    public static void main(String[] welcome) throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler();
        context.addEventListener(new CmisRepositoryContextListener());
        context.addFilter(new FilterHolder(new Door(List.of(welcome))), "/*", EnumSet.of(DispatcherType.REQUEST));
        ServletHolder binding = new ServletHolder(new CmisBrowserBindingServlet());
        binding.setInitParameter(
            "callContextHandler", "org.apache.chemistry.opencmis.server.shared.BasicAuthCallContextHandler");
        context.addServlet(binding, "/browser/*");
        server.setHandler(context);
        server.start();
        System.out.println(connector.getLocalPort());
        System.out.flush();
        while (System.in.read() >= 0) { }
        server.stop();
    }

    /** The InMemory repository lets everybody in; a real one does not. */
    static class Door implements Filter {
        private final List<String> welcome;

        Door(List<String> welcome) { this.welcome = welcome; }

        public void init(FilterConfig config) { }

        public void destroy() { }

        public void doFilter(ServletRequest request, ServletResponse response, FilterChain next)
                throws IOException, ServletException {
            if (welcome.contains(((HttpServletRequest) request).getHeader("Authorization"))) {
                next.doFilter(request, response);
            } else {
                ((HttpServletResponse) response).sendError(401);
            }
        }
    }
}
